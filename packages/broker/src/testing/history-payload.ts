// The bytes of every message of a history: its id, which names publisher and sequence, then filling that
// follows from the id, so that any byte out of place is noticed.

export function payloadOf(id: string, sizeBytes: number): Buffer {
  const payload = Buffer.alloc(Math.max(sizeBytes, id.length + 1))
  payload.write(`${id} `, 'latin1')
  let hash = id.length
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193)
  payload.fill(hash & 0xff, id.length + 1)
  return payload
}

export function idOf(payload: Uint8Array): string {
  const end = payload.indexOf(0x20)
  return Buffer.from(payload.subarray(0, Math.max(0, end))).toString('latin1')
}
