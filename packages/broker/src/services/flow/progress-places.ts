// Where the progress of flow consumers is: below `<data>/progress/`, in a folder for each node where there
// are several. Pure names; progress-migration.ts moves what is there.

/** Of one node among so many. */
export function progressDirectory(dataDir: string, node: number, nodeCount: number): string {
  return nodeFolder(progressRoot(dataDir), node, nodeCount)
}

/** What a node has below a root that is spread over the nodes as progress is. */
export function nodeFolder(root: string, node: number, nodeCount: number): string {
  return nodeCount === 1 ? root : `${root}/${shardsFolder(nodeCount)}/${node}`
}

export function progressRoot(dataDir: string): string {
  return `${dataDir}/progress`
}

export function shardsFolder(nodeCount: number): string {
  return `shards-${nodeCount}`
}
