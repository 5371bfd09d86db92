// Notices when this very process stood still: what it sees just after was sent before.

const tickMs = 20
const standstillMs = 300

/** Calls back after each standstill with how long it goes on to matter. Returns what ends it. */
export function watchPace(stoodStill: (forMs: number) => void): () => void {
  let lastMs = performance.now()
  const timer = setInterval(() => {
    const nowMs = performance.now()
    if (nowMs - lastMs > standstillMs) stoodStill(standstillMs)
    lastMs = nowMs
  }, tickMs)
  return () => clearInterval(timer)
}
