// The broker's layers import downward only, in the order of LAYERS. `observe` reads any layer and only the
// top imports it; `config` imports base and only the top imports it; `testing` imports anything and only
// tests import it.

import { brokerPlace, LAYERS } from '../broker-layers.ts'
import type { BrokerPlace } from '../broker-layers.ts'
import type { Finding, Rule } from '../finding.ts'
import { brokerImports } from '../broker-imports.ts'

const TOP = new Set(['main', 'broker'])
const KNOWN = new Set<string>([...LAYERS, 'observe', 'config', 'testing'])

export const layers: Rule = {
  name: 'layer',
  check(tree) {
    const findings = brokerImports(tree).flatMap(({ from, to, file, line }): Finding[] =>
      mayImport(from, to)
        ? []
        : [{ file, line, rule: 'layer', message: `${from.layer} imports ${to.layer}` }],
    )
    const unknown = tree.sources.filter(({ path }) => !KNOWN.has(brokerPlace(path)?.layer ?? 'main'))
    const message = 'this folder has no place in the order of layers'
    return [...findings, ...unknown.map(({ path }) => ({ file: path, line: 1, rule: 'layer', message }))]
  },
}

function mayImport(from: BrokerPlace, to: BrokerPlace): boolean {
  if (from.layer === to.layer || from.layer === 'testing') return true
  if (to.layer === 'testing') return false
  if (to.layer === 'observe' || to.layer === 'config') return TOP.has(from.layer)
  if (from.layer === 'config') return to.layer === 'base'
  if (from.layer === 'observe') return !TOP.has(to.layer)
  return height(from.layer) <= height(to.layer)
}

/** 0 is the top. Unknown folders are reported as such, not by their imports. */
function height(layer: string): number {
  return LAYERS.findIndex((name) => name === layer)
}
