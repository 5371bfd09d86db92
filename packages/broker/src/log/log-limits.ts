// The hard bounds of this layer.

/** No stored batch is larger: what claims to be is damage. */
export const batchBytesMax: number = 64 * 1024 * 1024

/**
 * One write and one sync take about this much at most, so that a backlog is confirmed piece by piece. What is
 * appended together may be more: it is not parted.
 */
export const groupBytesMax: number = 8 * 1024 * 1024

/** Index entries count offsets from the start of a segment in 31 bits. */
export const relativeOffsetMax: number = 2 ** 31 - 1

/** Segments of one log, besides the active one, whose file and index are kept at hand. */
export const openSegmentsMax = 4
