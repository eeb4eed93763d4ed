import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** JSON lines, on standard output unless said otherwise. What could hold a secret is cut out wherever it stands in a line. */
export const createLogger = (level: string, destination: DestinationStream = pino.destination(1)): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [
          'password',
          'token',
          'secret',
          'authorization',
          '*.password',
          '*.token',
          '*.secret',
          '*.authorization',
          '*["x-dhuo-access-key"]',
        ],
        censor: '[redacted]',
      },
    },
    destination,
  )
