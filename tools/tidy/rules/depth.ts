// Depth is privacy: another module may import `log/log.ts` but never `log/segment/segment.ts`. Each layer is
// a module, and in services/ and servers/ each folder is one.

import { brokerImports } from '../broker-imports.ts'
import type { Rule } from '../finding.ts'

export const depth: Rule = {
  name: 'depth',
  check: (tree) =>
    brokerImports(tree)
      .filter(({ from, to }) => from.layer !== 'testing' && from.module !== to.module && !to.isDoor)
      .map(({ file, line, to, target }) => ({
        file,
        line,
        rule: 'depth',
        message: `${target} is private to ${to.module}`,
      })),
}
