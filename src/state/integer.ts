import * as z from 'zod/mini';

/**
 * An integer of a database that anybody may have written, as a number from 0 on. It is read as a
 * bigint (`setReadBigInts`), because Node throws where a number cannot hold it.
 */
export const integer: z.ZodMiniType<number> = z.pipe(
  z.bigint().check(z.gte(0n), z.lte(BigInt(Number.MAX_SAFE_INTEGER))),
  z.transform(Number),
);
