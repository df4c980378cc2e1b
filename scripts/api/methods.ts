// Comments for the methods of Tensor that are functions of `ops/`: each has that of the function that `installMethods` made it from.
import type { Application, Context, DeclarationReflection } from 'typedoc'
import type * as ts from 'typescript-6'

/** To be called before the conversion. */
export async function documentMethods(app: Application): Promise<void> {
  const { Comment, Converter, ReflectionKind } = await import('typedoc')
  const { displayPartsToString, isPropertyAssignment, isShorthandPropertyAssignment, SymbolFlags } = await import(
    'typescript-6'
  )

  /** What stands before the function behind a member of a `methods` table. */
  function commentOf(member: ts.Symbol, checker: ts.TypeChecker): string {
    const declaration = member.declarations?.[0]
    if (declaration === undefined) return ''
    let source: ts.Symbol | undefined
    if (isShorthandPropertyAssignment(declaration)) source = checker.getShorthandAssignmentValueSymbol(declaration)
    else if (isPropertyAssignment(declaration)) source = checker.getSymbolAtLocation(declaration.initializer)
    if (source !== undefined && source.flags & SymbolFlags.Alias) source = checker.getAliasedSymbol(source)
    return displayPartsToString(source?.getDocumentationComment(checker))
  }
  const isDocumented = (member: DeclarationReflection): boolean =>
    member.hasComment() || member.getAllSignatures().some((signature) => signature.hasComment())
  const document = (member: DeclarationReflection, text: string): void => {
    for (const target of member.signatures ?? [member]) target.comment = new Comment([{ kind: 'text', text }])
  }

  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context: Context) => {
    const checker = context.programs[0].getTypeChecker() as unknown as ts.TypeChecker
    for (const reflection of context.project.getReflectionsByKind(ReflectionKind.Class)) {
      if (reflection.name !== 'Tensor' && reflection.name !== 'Parameter') continue
      const members = (reflection as DeclarationReflection).children ?? []
      for (const member of members.filter((one) => !isDocumented(one))) {
        const symbol = context.getSymbolFromReflection(member) as ts.Symbol | undefined
        const text = symbol === undefined ? '' : commentOf(symbol, checker)
        if (text !== '') document(member, text)
      }
      for (const member of members.filter((one) => !isDocumented(one) && one.name.endsWith('_'))) {
        const plain = members.find(({ name }) => `${name}_` === member.name)
        if (plain !== undefined && isDocumented(plain)) document(member, `\`${plain.name}\` into this tensor.`)
      }
    }
  })
}
