// Who is in the demo: three classes of tenants with their limits, and the one tenant that is stuck. Pure.

export const streamName = 'ORDERS'
export const consumerName = 'gateway'

export type ClassName = 'premium' | 'basic' | 'freemium'

export interface TenantClass {
  readonly name: ClassName
  readonly tenantCount: number
  /** Most messages of one tenant that may be at work at a time. */
  readonly limit: number
  /** Messages of the steady load, over all tenants of the class. */
  readonly perSecond: number
  /** Messages of one burst: more than the limit lets through at once. */
  readonly burstCount: number
}

export const tenantClasses: readonly TenantClass[] = [
  { name: 'premium', tenantCount: 100, limit: 30, perSecond: 250, burstCount: 45 },
  { name: 'basic', tenantCount: 400, limit: 10, perSecond: 250, burstCount: 20 },
  { name: 'freemium', tenantCount: 2000, limit: 1, perSecond: 400, burstCount: 5 },
]

export const tenantCount: number = tenantClasses.reduce((sum, { tenantCount: count }) => sum + count, 1)

/** The freemium tenant whose worker hangs. */
export const hotSubject = 'orders.freemium.hot'
export const hotCount = 100_000

export function subjectOf({ name }: TenantClass, index: number): string {
  return `orders.${name}.t${String(index).padStart(4, '0')}`
}

/** The rule of a class, as it is given to the consumer. */
export function ruleOf({ name, limit }: TenantClass): { match: string; limit: number } {
  return { match: `orders.${name}.>`, limit }
}

const classByToken = new Map<string, TenantClass>(tenantClasses.map((each) => [each.name, each]))

export function classOf(subject: string): TenantClass {
  return classByToken.get(subject.split('.')[1]!)!
}
