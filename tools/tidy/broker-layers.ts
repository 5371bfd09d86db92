// Where a file of the broker stands: its layer, and the module whose inner folders are private.

const BROKER = 'packages/broker/src/'

/** From the top down; a layer imports itself and those below. */
export const LAYERS = ['main', 'broker', 'servers', 'services', 'cluster', 'log', 'io', 'base'] as const

/** Layers whose folders are modules of their own. */
const LAYERS_OF_MODULES = new Set(['services', 'servers'])

export interface BrokerPlace {
  /** One of `LAYERS`, or `observe`, `config`, `testing`, or a folder that no rule knows. */
  readonly layer: string
  /** `log`, `services/flow`. */
  readonly module: string
  /** False for a file in an inner folder of its module. */
  readonly isDoor: boolean
}

/** Undefined outside the broker's sources. */
export function brokerPlace(path: string): BrokerPlace | undefined {
  if (!path.startsWith(BROKER)) return undefined
  const parts = path.slice(BROKER.length).split('/')
  const [layer = ''] = parts
  if (parts.length === 1) return { layer: rootLayer(layer), module: '', isDoor: true }
  const depth = LAYERS_OF_MODULES.has(layer) && parts.length > 2 ? 2 : 1
  return { layer, module: parts.slice(0, depth).join('/'), isDoor: parts.length === depth + 1 }
}

/** Files beside main.ts belong to the top: they start things, and nothing below may reach up to them. */
function rootLayer(file: string): string {
  return file === 'broker.ts' ? 'broker' : 'main'
}
