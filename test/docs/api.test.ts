// The comments of the public API, as `npm run docs` shows them.
import { expect, test } from 'vitest'
import { readApi } from '../../scripts/api/read.ts'
import { undocumented } from '../../scripts/api/undocumented.ts'

test('every public class, function, constant, method and option says what it is', { timeout: 300_000 }, async () => {
  const { app, project } = await readApi()
  expect(project.children?.map(({ name }) => name)).toContain('kindling/model-selection')
  expect(await undocumented(project)).toEqual([])
  // Among them: names in comments that TypeDoc takes for links and does not find.
  expect(app.logger.warningCount).toBe(0)
})
