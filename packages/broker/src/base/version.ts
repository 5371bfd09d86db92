// What this broker calls its version; the packages are published under the same.

export const version = '0.1.0'
