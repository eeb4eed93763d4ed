// Reads JSON that a database holds.
import type { Value } from './lakehouse.js'

/** Deeper values would overflow the stack of whoever serializes them: they stay text. */
const maxJsonDepth = 500

/** The value of a JSON text, with long numbers exact: as text. What is no JSON, or nested too deep, stays text. */
export function parseJson(json: string): Value {
  let depth = 0
  let deepest = 0
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index)
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x5d || code === 0x7d) depth--
  }
  if (deepest > maxJsonDepth) return json
  try {
    return JSON.parse(json, (_key, value: unknown, { source }: { source?: string } = {}) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '') ? source : value,
    ) as Value
  } catch {
    return json
  }
}
