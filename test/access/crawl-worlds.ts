import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql'
import type { As, TestHub } from '../hub.js'
import { type Knowledge, lookAlike } from './knowledge.js'
import { type CrawlBounds, distinct, type Given, type Question, SchemaCrawler, type Send } from './schema-crawler.js'

export const sendAs =
  (hub: TestHub, as: As): Send =>
  (query) =>
    hub.execute(query, {}, as)

export async function crawlerFor(hub: TestHub, send: Send, most?: CrawlBounds): Promise<SchemaCrawler> {
  const introspection = await hub.data<IntrospectionQuery>(getIntrospectionQuery())
  return new SchemaCrawler(buildClientSchema(introspection), send, most)
}

/** Signed URLs carry the time, and keys the time of their last use: neither is anybody's secret. */
const textOf = (given: Given | undefined): string =>
  JSON.stringify(given, (name, value) =>
    name === 'lastUsedAt' ? null : typeof value === 'string' && /^https?:\/\/[^ ]*\/files\//.test(value) ? '<url>' : value,
  )

/** The questions to which the answers differ, with both. */
export function differences(before: ReadonlyMap<string, Given>, after: ReadonlyMap<string, Given>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((question) => {
    const [one, other] = [textOf(before.get(question)), textOf(after.get(question))]
    return one === other ? [] : [`${question.slice(0, 300)}\n  ${one?.slice(0, 600)}\n  ${other?.slice(0, 600)}`]
  })
}

/** Texts and numbers that only somebody who sees the other project can know. */
export function secretsIn(foreign: Knowledge): string[] {
  const isTelling = (text: string) => text.length >= 5 && !/^[A-Z_]+$|^\d{4}-\d\d-\d\dT|^https?:|^\d{1,5}$/.test(text)
  return [...foreign.strings, ...[...foreign.numbers].map(String)].filter(isTelling)
}

/** What an answer tells that its question did not say. */
export function toldSecrets(question: string, given: Given, secrets: readonly string[]): string[] {
  const answer = JSON.stringify(given)
  const leaked = secrets.filter((secret) => answer.includes(JSON.stringify(secret).slice(1, -1)) && !question.includes(secret))
  return leaked.length === 0
    ? []
    : [`${question.slice(0, 300)}\n  tells ${leaked.slice(0, 5).join(', ')}\n  ${answer.slice(0, 600)}`]
}

/**
 * Asks for what is another project's by its ids and names, and the same again by ids and names that nobody has.
 * @param foreign what only the other project has
 * @param own what the one who asks may know
 * @returns the questions by whose answers one tells that something is there
 */
export async function probe(
  crawler: SchemaCrawler,
  foreign: Knowledge,
  own: Knowledge,
): Promise<{ asked: number; leaks: string[] }> {
  const questionsWith = (values: Knowledge): Question[] => {
    const mixed = values.withSomeOf(own)
    return [
      ...crawler.rootQuestions('Query', mixed),
      ...crawler.nodeQuestions(values, mixed),
      ...crawler.nodeQuestions(own, mixed, { only: 'with arguments' }),
    ]
  }
  const real = questionsWith(foreign)
  const made = questionsWith(foreign.map(lookAlike))
  if (real.length !== made.length) throw new Error('the two lists of questions do not fit each other')
  const realAnswers = await crawler.ask(distinct(real))
  const madeAnswers = await crawler.ask(distinct(made))
  const secrets = secretsIn(foreign)
  const originals = [...foreign.strings, ...foreign.nodes.keys()].sort((a, b) => b.length - a.length)
  // The words of a message must not change with the names in it: both are put in terms of the made-up ones.
  const unified = (given: Given | undefined) =>
    originals.reduce((text, name) => text.replaceAll(name, lookAlike(name)), textOf(given))
  const leaks = real.flatMap((question, index) => {
    const [given, twin] = [realAnswers.get(question.text)!, madeAnswers.get(made[index]!.text)!]
    const told = toldSecrets(question.text, given, secrets)
    if (told.length > 0) return told
    if (textOf(given) === textOf(twin) || unified(given) === unified(twin)) return []
    return [
      `${question.text.slice(0, 300)}\n  ${textOf(given).slice(0, 500)}\n  but for what nobody has ${textOf(twin).slice(0, 500)}`,
    ]
  })
  return { asked: realAnswers.size + madeAnswers.size, leaks: [...new Set(leaks)] }
}

/**
 * Every mutation, with what is another project's: all of it, and as the optional part of what goes to one's own project.
 * The same again with what nobody has: what is refused must be refused in the same words.
 * @returns what was answered by question, and the questions by whose answers one tells that something is there
 */
export async function attack(
  crawler: SchemaCrawler,
  foreign: Knowledge,
  own: Knowledge,
): Promise<{ answers: Map<string, Given>; leaks: string[] }> {
  // A project that was made changes what its name means: last, and never by a name of one's own.
  const makesProject = ({ text }: Question) => text.startsWith('createProject')
  const questionsWith = (values: Knowledge) => {
    const ofOthers = sparingly(crawler.rootQuestions('Mutation', values), crawler.most)
    const mixed = sparingly(crawler.rootQuestions('Mutation', own, values), crawler.most).filter(
      (question) => !makesProject(question),
    )
    return [...ofOthers.filter((question) => !makesProject(question)), ...mixed, ...ofOthers.filter(makesProject)]
  }
  const [allReal, allMade] = [questionsWith(foreign), questionsWith(foreign.map(lookAlike))]
  if (allReal.length !== allMade.length) throw new Error('the two lists of questions do not fit each other')
  // What names nothing of the other project is one's own affair.
  const isAbout = (_: Question, index: number) => allReal[index]!.text !== allMade[index]!.text
  const [real, made] = [allReal.filter(isAbout), allMade.filter(isAbout)]
  // First what nobody has: it can change nothing, and where it makes something, the other meets it.
  const madeAnswers = await crawler.ask(distinct(made), 'mutation')
  const answers = await crawler.ask(distinct(real), 'mutation')
  const secrets = secretsIn(foreign)
  const unify = unifier(foreign)
  const leaks = real.flatMap(({ text }, index) => {
    const [given, twin] = [answers.get(text)!, madeAnswers.get(made[index]!.text)!]
    const told = toldSecrets(text, given, secrets)
    if (told.length > 0) return told
    // A name that somebody took is taken, whose ever it is; how often one may try says nothing of what is there.
    const isLeft = ({ extensions }: Given['errors'][number]) => /^(CONFLICT|RATE_LIMITED)$/.test(String(extensions['code']))
    if ([...given.errors, ...twin.errors].some(isLeft)) return []
    const [words, others] = [unify({ data: null, errors: given.errors }), unify({ data: null, errors: twin.errors })]
    return words === others
      ? []
      : [`${text.slice(0, 300)}\n  ${words.slice(0, 500)}\n  but for what nobody has ${others.slice(0, 500)}`]
  })
  return { answers, leaks }
}

/** Some questions of each field, for not every mutation needs every name. */
export function sparingly(questions: readonly Question[], most: CrawlBounds): Question[] {
  const count = new Map<string, number>()
  return distinct(questions).filter(({ text }) => {
    const field = /^\w+/.exec(text)![0]
    count.set(field, (count.get(field) ?? 0) + 1)
    return count.get(field)! <= most.mutation
  })
}

/** The words of a message must not change with the names in it: all are put in terms of made-up ones. */
function unifier(foreign: Knowledge): (given: Given | undefined) => string {
  const names = [...foreign.strings, ...foreign.nodes.keys()]
    .filter((name) => name.length > 3)
    .sort((a, b) => b.length - a.length)
  return (given) => names.reduce((text, name) => text.replaceAll(name, lookAlike(name)), textOf(given))
}
