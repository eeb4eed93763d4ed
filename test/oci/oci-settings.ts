// The settings of a connection to the double.
import type { OciConfig } from '../../src/config/oci-config.js'
import type { OciDouble } from './oci-double.js'

/** An API key in a configuration file, and the double's address. */
export async function settingsFor(double: OciDouble, more: Partial<OciConfig> = {}): Promise<OciConfig> {
  return {
    authentication: 'config-file',
    configFile: more.configFile ?? (await double.writeConfigFile()),
    profile: 'DEFAULT',
    region: null,
    endpoint: double.url,
    timeoutMs: 5_000,
    ...more,
  }
}
