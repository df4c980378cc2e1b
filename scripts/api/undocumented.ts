// What of the public API has no comment: classes, functions, constants, their methods, and the fields of options and other plain objects. Left out are
// names of types, which say what takes them, and fields of classes, which repeat the options of the constructor.
import type { DeclarationReflection, ProjectReflection } from 'typedoc'

export async function undocumented(project: ProjectReflection): Promise<string[]> {
  const { ReflectionKind } = await import('typedoc')
  const kinds = ReflectionKind.Class | ReflectionKind.Function | ReflectionKind.Variable | ReflectionKind.Method
  const all = project.getReflectionsByKind(kinds | ReflectionKind.Accessor | ReflectionKind.Property)
  return (all as DeclarationReflection[])
    .filter((one) => {
      if (one.inheritedFrom !== undefined || one.overwrites !== undefined) return false
      const field = one.kindOf(ReflectionKind.Property) && !one.parent?.kindOf(ReflectionKind.Interface)
      const nameless = one.parent?.kindOf(ReflectionKind.TypeLiteral) ?? false
      return !((field && one.parent?.name !== 'Tensor') || nameless) && !hasComment(one)
    })
    .map((one) => one.getFullName())
    .sort()
}

const hasComment = (one: DeclarationReflection): boolean =>
  one.hasComment() || one.getAllSignatures().some((signature) => signature.hasComment())
