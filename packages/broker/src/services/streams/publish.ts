// Path of a message 3/5 · from servers/native/handlers/publish.ts · to cluster/partition.ts.
// Checks record batches and appends them: from here on the protocol they came by does not matter.

import type { PublishedPart, PublishPart } from '@sluice/protocol/native/publish-messages'
import type { Stream } from './stream.ts'

/** Checks everything before it appends anything; resolves when all is durable. Batches are borrowed for the call. */
export declare function publish(stream: Stream, parts: readonly PublishPart[]): Promise<PublishedPart[]>
