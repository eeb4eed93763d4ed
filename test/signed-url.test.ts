import { createHmac } from 'node:crypto'
import { UrlSigner } from '../src/signed-url.js'

const secret = 'a secret of at least thirty-two characters'
const signer = new UrlSigner(secret)
const now = Date.UTC(2026, 0, 1)
const path = '/files/objects/obj_1/report%20%C3%A7.csv'
const sign = (over: Partial<Parameters<UrlSigner['sign']>[0]> = {}): string =>
  signer.sign({ method: 'GET', path, expiresInSeconds: 60, by: 'usr_1', query: { filename: 'a & b=c é.csv' }, ...over }, now)

const forged = { code: 'FORBIDDEN', message: expect.stringContaining('signature') }

describe('a signed URL', () => {
  test('says who asked for it, until when, and what else was signed', () => {
    expect(signer.verify('GET', sign(), now)).toEqual({
      method: 'GET',
      path,
      by: 'usr_1',
      expiresAt: new Date(now + 60_000),
      query: { filename: 'a & b=c é.csv' },
    })
  })

  test('is accepted by any server with the same secret, and by none with another', () => {
    expect(new UrlSigner(secret).verify('GET', sign(), now).by).toBe('usr_1')
    expect(() => new UrlSigner(`${secret}!`).verify('GET', sign(), now)).toThrow(expect.objectContaining(forged))
  })

  test('for GET covers HEAD and nothing else; for PUT nothing but PUT', () => {
    expect(signer.verify('HEAD', sign(), now).method).toBe('GET')
    for (const method of ['PUT', 'POST', 'DELETE', 'get', ''])
      expect(() => signer.verify(method, sign(), now)).toThrow(expect.objectContaining(forged))
    for (const method of ['GET', 'HEAD', 'POST'])
      expect(() => signer.verify(method, sign({ method: 'PUT' }), now)).toThrow(expect.objectContaining(forged))
  })

  test('expires, and says so', () => {
    expect(signer.verify('GET', sign(), now + 59_999).by).toBe('usr_1')
    expect(() => signer.verify('GET', sign(), now + 60_000)).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN', message: 'This URL expired at 2026-01-01T00:01:00.000Z; ask for a new one.' }),
    )
  })

  test('is refused when anything in it was changed, added or taken away', () => {
    const url = sign()
    const changed = [
      url.replace('obj_1', 'obj_2'),
      url.replace('usr_1', 'usr_2'),
      url.replace(/expires=(\d+)/, (_, seconds) => `expires=${Number(seconds) + 1}`),
      url.replace('/report', '/other'),
      `${url}&more=1`,
      `${url}&by=usr_2`,
      url.replace('by=usr_1', 'by=usr_1&by=usr_2'),
      url.replace(/&?filename=[^&]*/, ''),
      url.replace(/signature=.*/, ''),
      url.replace(/signature=.*/, 'signature='),
      url.replace(/signature=(.).*/, 'signature=$1'),
      `${url}&signature=x`,
      url.replace('?', '/?'),
      url.replace('%20', '%zz'),
      url.replace('/files', '//files'),
      url.replace('%20%C3', '/'),
      path,
      '',
    ]
    for (const url of changed) expect(() => signer.verify('GET', url, now)).toThrow(expect.objectContaining(forged))
  })

  test('is the same URL when a proxy wrote its escapes and its query in another way', () => {
    const url = sign({ path: "/files/x/it's~a(1).csv" })
    const [, query = ''] = url.split('?')
    const reordered = query.split('&').reverse().join('&')
    expect(signer.verify('GET', `/files/x/it%27s%7Ea%281%29.csv?${reordered}`, now).by).toBe('usr_1')
  })

  test('keeps an escaped slash apart from a slash', () => {
    const url = sign({ path: '/files/a%2Fb' })
    expect(() => signer.verify('GET', url.replace('%2F', '/'), now)).toThrow(expect.objectContaining(forged))
  })

  test('is not made by a bare HMAC with the secret', () => {
    const url = `${path}?by=usr_1&expires=99999999999`
    const signature = createHmac('sha256', secret).update(`GET\n${path}\nby=usr_1&expires=99999999999`).digest('base64url')
    expect(() => signer.verify('GET', `${url}&signature=${signature}`, now)).toThrow(expect.objectContaining(forged))
  })
})
