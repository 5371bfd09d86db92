// Every rule of tidy, in no particular order.

import type { Rule } from './finding.ts'
import { depth } from './rules/depth.ts'
import { dependencies } from './rules/dependencies.ts'
import { docLinks } from './rules/doc-links.ts'
import { errorCodes } from './rules/error-codes.ts'
import { exportShape } from './rules/export-shape.ts'
import { folderReadmes } from './rules/folder-readmes.ts'
import { importCycles } from './rules/import-cycles.ts'
import { layers } from './rules/layers.ts'
import { messagePath } from './rules/message-path.ts'
import { names } from './rules/names.ts'
import { packageImports } from './rules/package-imports.ts'
import { seams } from './rules/seams.ts'
import { sizes } from './rules/sizes.ts'
import { todos } from './rules/todos.ts'

export const RULES: readonly Rule[] = [
  ...sizes,
  ...exportShape,
  ...names,
  depth,
  dependencies,
  docLinks,
  errorCodes,
  folderReadmes,
  importCycles,
  layers,
  messagePath,
  packageImports,
  seams,
  todos,
]
