import { equal, holds, type Row } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 0,
    en: 'the course follows the book and its lectures: the links, and a first program',
    zh: '课程跟随书和课程录像：链接，以及第一个程序',
    check: ({ x, y }, { links }) => [
      holds('a link to the English book', links.includes('https://d2l.ai/'), links),
      holds('a link to the Chinese book', links.includes('https://zh-v2.d2l.ai/'), links),
      holds('a link to the lectures in English', links.includes('https://courses.d2l.ai/berkeley-stat-157/'), links),
      holds('a link to the lectures in Chinese', links.includes('https://courses.d2l.ai/zh-v2/'), links),
      equal('x^2 + 2x at 3', y.item(), 15),
      equal('its slope', x.grad?.item(), 8),
    ],
  },
]
