import type { PushPlan } from '../push/plan.ts';
import type { PlanView } from '../report/plan-text.ts';

/** A plan as the report's texts want it. */
export function planView({ root, ...plan }: PushPlan): PlanView {
  return { ...plan, ...(root ? { digest: root.digest } : {}) };
}
