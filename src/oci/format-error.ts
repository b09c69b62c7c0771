/** Text or bytes that break the OCI grammar. Callers add the option or file the value came from. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}
