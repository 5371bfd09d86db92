// Writes docs/operating/config.md from the table of properties.

import { PROPERTIES } from './properties.ts'
import type { PropertyName } from './properties.ts'
import { environmentName, flagName } from './property.ts'
import type { Property } from './property.ts'

export function configPage(): string {
  return `# Configuration

Every property of \`sluice serve\`. This page is written from the table in
\`packages/broker/src/config/properties.ts\`; a test compares the two.

A property is set, in rising order of precedence, in a YAML file (\`--config sluice.yaml\`), in the
environment, or by a flag. A name that is not listed here is an error, with a suggestion where one is near.
Sizes are in bytes, times in milliseconds. An embedding program gives the numbers as \`limits\` of
\`Broker.start\`.

\`\`\`yaml
# sluice.yaml
dataDir: /var/lib/sluice
listen: 127.0.0.1:9898
\`\`\`

${section('What everyone sets', 'user')}
${section('For those who have measured', 'tuning')}
No property can be changed without a restart yet.
`
}

function section(title: string, audience: Property['audience']): string {
  const names = (Object.keys(PROPERTIES) as PropertyName[]).filter(
    (name) => PROPERTIES[name].audience === audience,
  )
  const rows = names.map((name) => row(name, PROPERTIES[name]))
  return `## ${title}

| property | default | bounds | meaning | environment | flag |
|---|---|---|---|---|---|
${rows.join('\n')}
`
}

function row(name: PropertyName, property: Property): string {
  const cells = [
    `\`${name}\``,
    `\`${property.default}\``,
    boundsOf(property),
    property.doc,
    `\`${environmentName(name)}\``,
    `\`${flagName(name)}\``,
  ]
  return `| ${cells.join(' | ')} |`
}

function boundsOf({ kind, min, max, choices }: Property): string {
  switch (kind) {
    case 'integer':
      return `${min} to ${max}`
    case 'count':
      return `${min} to ${max}, \`auto\``
    case 'choice':
      return (choices ?? []).map((choice) => `\`${choice}\``).join(', ')
    case 'text':
      return ''
  }
}
