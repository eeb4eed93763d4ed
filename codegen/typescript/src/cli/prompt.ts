import { text } from 'node:stream/consumers'
import { CommandError, exitCodes, usageError } from './exit-codes.js'

/** Asks on the terminal. @param isSecret what is typed is not shown */
export function prompt(question: string, isSecret: boolean, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY)
    throw usageError(
      `${question.replace(/:? *$/, '')} cannot be asked for: there is no terminal.`,
      'It may come by the pipe: dhuo login --help.',
    )
  return new Promise((resolve, reject) => {
    let typed = ''
    const end = () => {
      signal.removeEventListener('abort', interrupt)
      stdin.off('data', hear).setRawMode(false).pause()
      stderr.write('\n')
    }
    const interrupt = () => {
      end()
      reject(new CommandError(exitCodes.interrupted, 'Interrupted.'))
    }
    const hear = (data: string) => {
      for (const character of data) {
        if (character === '\r' || character === '\n') {
          end()
          resolve(typed)
          return
        }
        // Ctrl-C and Ctrl-D: in raw mode nobody else minds them.
        if (character === '\u0003' || character === '\u0004') {
          interrupt()
          return
        }
        if (character === '\u007F' || character === '\b') {
          if (typed !== '' && !isSecret) stderr.write('\b \b')
          typed = [...typed].slice(0, -1).join('')
        } else if (character >= ' ') {
          typed += character
          if (!isSecret) stderr.write(character)
        }
      }
    }
    signal.addEventListener('abort', interrupt, { once: true })
    // Before the question: whoever types at once is not shown either.
    stdin.setRawMode(true).setEncoding('utf8').resume().on('data', hear)
    stderr.write(question)
  })
}

/** All that comes by the pipe, without the end of its line. */
export const readSecretFromPipe = async (): Promise<string> => (await text(process.stdin)).replace(/\r?\n$/, '')
