export type Environment = Record<string, string | undefined>

/** What scripts need of the server's environment, by name: whatever else is there may be a secret. */
const inheritedNames = [
  ...['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'LD_LIBRARY_PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['JAVA_HOME', 'SPARK_HOME', 'SPARK_CONF_DIR', 'HADOOP_CONF_DIR', 'YARN_CONF_DIR'],
]
export const inheritedFrom = (env: Environment): Record<string, string> => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'C.UTF-8',
  ...Object.fromEntries(inheritedNames.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
})

/** Where pip finds its configuration, its index and the way there. */
export const pipVariables = (env: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value && /^(HOME|PIP_[A-Z_]+|NETRC|REQUESTS_CA_BUNDLE|(HTTPS?|NO|ALL)_PROXY)$/i.test(name) ? [[name, value]] : [],
    ),
  )
