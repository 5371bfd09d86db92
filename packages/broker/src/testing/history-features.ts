// Which features of the broker histories make use of.

export const features: Readonly<Record<string, boolean>> = {
  gauges: true,
  pauses: true,
  drains: true,
  exhausted: true,
  ackPolicy: true,
  deliverFrom: true,
  removals: true,
  retention: true,
  letters: true,
  pulls: false,
  rot: false,
}
