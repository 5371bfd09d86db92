// Which features of the broker histories make use of.

export const features: Readonly<Record<string, boolean>> = {
  gauges: false,
  pauses: false,
  drains: false,
  exhausted: false,
  ackPolicy: false,
  deliverFrom: true,
  removals: false,
  retention: false,
  letters: false,
  pulls: false,
  rot: false,
}
