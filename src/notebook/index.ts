// kindling/notebook: lessons of prose and cells. What a cell calls, what checks are made of, and the runner behind `kindling course`.
export { cell, type Preset, preset, progress, show } from './cell.ts'
export { atLeast, atMost, type Check, close, equal, holds, type Row, type Seen, within } from './check.ts'
export { type Language, type Lesson, languages, listLessons, openLesson, type Part } from './lesson.ts'
export { type Event, Page } from './page.ts'
export { type Ran, runLesson } from './run.ts'
export { Terminal } from './terminal.ts'
