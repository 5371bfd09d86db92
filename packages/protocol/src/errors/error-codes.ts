// The one registry of errors: a stable number and name, what kind it is, and what to do about it.
// Numbers are never reused. docs/operating/errors.md lists the same codes, and a test compares the two.

/**
 * Who acts on an error, and whether trying again can help:
 * `invalid` the caller mends the request; `denied` an administrator; `conflict` the caller looks again at
 * the state; `unavailable` try again later; `overloaded` try again more slowly; `corrupt` an operator, the
 * data is damaged; `violation` the peer breaks the protocol and is disconnected; `bug` us.
 */
export type ErrorKind =
  | 'invalid'
  | 'denied'
  | 'conflict'
  | 'unavailable'
  | 'overloaded'
  | 'corrupt'
  | 'violation'
  | 'bug'

export interface ErrorRow {
  readonly number: number
  readonly kind: ErrorKind
  /** What to do, appended to the text of an error that does not say it itself. */
  readonly advice: string
}

const row = (number: number, kind: ErrorKind, advice: string): ErrorRow => ({ number, kind, advice })

export const ERROR_CODES = {
  internal: row(1, 'bug', 'Report it with the broker log.'),
  'invalid-request': row(2, 'invalid', 'Compare the request with docs/protocol/native.md.'),
  'unknown-method': row(3, 'invalid', 'Use a client that fits the broker version.'),
  'unsupported-version': row(4, 'violation', 'Use a client whose protocol versions overlap with the broker.'),
  'malformed-frame': row(5, 'violation', 'The peer does not speak this protocol; check the port.'),
  'frame-too-large': row(6, 'violation', 'Send smaller requests; the limit is in the handshake.'),
  'handshake-timeout': row(7, 'violation', 'Send HELLO as soon as the connection is open.'),
  'peer-stalled': row(8, 'violation', 'Read faster, or lower the window.'),
  'peer-silent': row(9, 'violation', 'Answer PING within the keep-alive interval.'),
  'too-many-requests': row(10, 'overloaded', 'Wait for answers before sending more.'),
  'too-many-connections': row(11, 'overloaded', 'Close connections, or raise the limit.'),
  'too-many-subscriptions': row(12, 'overloaded', 'Close subscriptions, or spread them over connections.'),
  stopping: row(13, 'unavailable', 'Connect again later, or to another broker.'),
  'invalid-config': row(
    14,
    'invalid',
    'Correct the named property; docs/operating/config.md lists them all.',
  ),
  'frame-timeout': row(
    15,
    'violation',
    'Send frames whole; for large ones over a slow line raise stalledPeerMs.',
  ),

  'invalid-stream-name': row(100, 'invalid', 'Use 1 to 200 of A-Z a-z 0-9 . _ - and not . or .. alone.'),
  'invalid-stream-config': row(101, 'invalid', 'Correct the named property.'),
  'unknown-stream': row(102, 'invalid', 'Create the stream first, or check its name.'),
  'stream-exists': row(103, 'conflict', 'Use alter to change it.'),
  'unknown-partition': row(104, 'invalid', 'Partitions are numbered from 0; see the stream.'),
  'stream-deleted': row(105, 'conflict', 'Look whether the stream is still there.'),
  'offset-out-of-range': row(
    106,
    'invalid',
    'Read from an offset up to the high watermark, or from first or next.',
  ),
  'too-many-streams': row(107, 'overloaded', 'Delete streams, or raise streamsMax.'),
  'not-leader': row(
    108,
    'unavailable',
    'Ask the node that the text names; clients of Sluice do so themselves.',
  ),
  'node-unavailable': row(109, 'unavailable', 'Try again: the node is being started.'),

  'invalid-subject': row(
    200,
    'invalid',
    'Use dot-separated tokens without blanks, * > { }; 255 bytes at most.',
  ),
  'invalid-pattern': row(
    201,
    'invalid',
    'Use tokens, * for one token, {name} to capture one, > last for the rest.',
  ),
  'subject-not-in-stream': row(
    202,
    'invalid',
    'Publish to a stream whose subjects match, or alter the stream.',
  ),
  'message-too-large': row(203, 'invalid', 'Send smaller messages, or raise the stream limit.'),
  'batch-too-large': row(204, 'invalid', 'Send smaller batches.'),
  'invalid-batch': row(205, 'invalid', 'Send a record batch of format 2 with offsets from 0 and no gaps.'),
  'corrupt-batch': row(206, 'invalid', 'Send it again: its bytes changed on the way.'),
  'compression-not-accepted': row(207, 'invalid', 'Send the batch uncompressed.'),
  'publish-overloaded': row(
    208,
    'overloaded',
    'Publish again later: the disk is slower than the publishers.',
  ),
  'partly-stored': row(209, 'unavailable', 'Publish again only what the text does not name as stored.'),
  'batch-not-decodable': row(
    210,
    'invalid',
    'Send the batch again; of a stored one, purge the partition beyond it.',
  ),
  'invalid-timestamp': row(211, 'invalid', 'Correct the clock of the publisher, or alter the stream.'),
  'out-of-order-sequence': row(
    212,
    'conflict',
    'Look what is stored: a batch of the producer before this one is missing.',
  ),
  'stale-producer-epoch': row(213, 'conflict', 'Stop: another instance of the producer goes on.'),
  'transactions-not-offered': row(214, 'denied', 'Publish without a transaction.'),

  'disk-full': row(300, 'unavailable', 'Free disk space, then try again.'),
  'partition-offline': row(301, 'corrupt', 'Check the disk, then restart the broker.'),
  'corrupt-log': row(302, 'corrupt', 'Stop the broker and run sluice log verify, which names all damage.'),
  'data-directory-locked': row(303, 'conflict', 'Stop the other broker first, or name another directory.'),
  'data-directory-newer': row(304, 'invalid', 'Use the version that wrote the data, or a newer one.'),
  'data-directory-invalid': row(305, 'invalid', 'Name an empty directory or one that Sluice has written.'),
  'io-failed': row(306, 'unavailable', 'Mend what the operating system names, then try again.'),
  'direct-io-refused': row(
    307,
    'invalid',
    'Turn directIo off, or use a data directory on another file system.',
  ),

  'invalid-consumer-name': row(400, 'invalid', 'Use 1 to 200 of A-Z a-z 0-9 . _ - and not . or .. alone.'),
  'invalid-consumer-config': row(401, 'invalid', 'Correct the named property.'),
  'invalid-rule': row(402, 'invalid', 'Correct the named rule.'),
  'unknown-consumer': row(403, 'invalid', 'Create the consumer first, or check its name.'),
  'consumer-exists': row(404, 'conflict', 'Use alter to change it live.'),
  'consumer-deleted': row(405, 'conflict', 'Look whether the consumer is still there.'),
  'stale-delivery': row(406, 'conflict', 'Do nothing: it is settled, or it is delivered again.'),
  'foreign-delivery': row(407, 'conflict', 'Settle a delivery on the subscription that it came by.'),
  'unknown-subscription': row(408, 'invalid', 'Subscribe first.'),
  'settle-not-durable': row(
    409,
    'unavailable',
    'Mend the disk: it is written when it can be, and until then a crash may undo it.',
  ),
  'too-many-consumers': row(410, 'overloaded', 'Delete consumers, or raise consumersMax.'),
  'not-paused': row(411, 'conflict', 'Look at the pauses of the consumer: the pattern must be the same.'),
  'not-blocked': row(412, 'conflict', 'Look at the blocked records of the consumer.'),
  'dead-letter-loop': row(413, 'invalid', 'Name another dead-letter stream.'),

  'unknown-group': row(420, 'invalid', 'Check its name: a group is there once it has members or offsets.'),
  'group-not-empty': row(421, 'conflict', 'Stop its members first.'),
  'group-unavailable': row(422, 'unavailable', 'Try again: its coordinator cannot write, or has moved.'),

  disconnected: row(500, 'unavailable', 'Try again: the client reconnects by itself.'),
  'outcome-unknown': row(501, 'unavailable', 'Look whether it was carried out before sending it again.'),
  'client-closed': row(502, 'invalid', 'Make a new client.'),
  'publish-buffer-full': row(503, 'overloaded', 'Wait for earlier publishes, or raise maxBufferedBytes.'),
  timeout: row(504, 'unavailable', 'Look whether it was carried out before sending it again.'),
  aborted: row(505, 'invalid', 'The caller gave up through its signal.'),
  'no-server': row(506, 'unavailable', 'Check the addresses and that a broker listens there.'),
  'invalid-option': row(507, 'invalid', 'Correct the named option of the client.'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERROR_CODES

const byNumber = new Map<number, ErrorCode>()
for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) byNumber.set(ERROR_CODES[code].number, code)

/** The code of a number from the wire; a number of a newer version reads as `internal`. */
export function errorCodeOf(number: number): ErrorCode {
  return byNumber.get(number) ?? 'internal'
}
