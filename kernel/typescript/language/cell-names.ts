import ts from 'typescript';

/** The names that a cell gives to the ones behind it, and how each is declared. */
export function declaredBy(tree: ts.SourceFile): ReadonlyMap<string, 'variable' | 'fixed'> {
  const names = new Map<string, 'variable' | 'fixed'>();
  const pattern = (name: ts.BindingName, how: 'variable' | 'fixed'): void => {
    if (ts.isIdentifier(name)) {
      if (name.text !== '') names.set(name.text, how);
    } else {
      for (const element of name.elements) if (ts.isBindingElement(element)) pattern(element.name, how);
    }
  };
  const list = ({declarations, flags}: ts.VariableDeclarationList): void => {
    for (const {name} of declarations) pattern(name, (flags & ts.NodeFlags.Const) === 0 ? 'variable' : 'fixed');
  };
  /** `var`s of blocks and loops are the cell's as well. */
  const vars = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0) list(node);
    ts.forEachChild(node, vars);
  };
  for (const statement of tree.statements) {
    if (ts.isVariableStatement(statement)) list(statement.declarationList);
    else if (ts.isImportDeclaration(statement)) {
      const clause = statement.importClause;
      if (clause?.name !== undefined) pattern(clause.name, 'fixed');
      const bindings = clause?.namedBindings;
      if (bindings === undefined) continue;
      if (ts.isNamespaceImport(bindings)) pattern(bindings.name, 'fixed');
      else for (const {name} of bindings.elements) pattern(name, 'fixed');
    } else if (isNamedDeclaration(statement)) {
      if (statement.name !== undefined && ts.isIdentifier(statement.name)) pattern(statement.name, 'fixed');
    } else vars(statement);
  }
  return names;
}

function isNamedDeclaration(
  node: ts.Statement,
): node is
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.EnumDeclaration
  | ts.InterfaceDeclaration
  | ts.TypeAliasDeclaration
  | ts.ModuleDeclaration
  | ts.ImportEqualsDeclaration {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isImportEqualsDeclaration(node)
  );
}

/** True for a declaration of the cell's own that says `export` already. */
export function exportedBy(tree: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of tree.statements) {
    if (!ts.canHaveModifiers(statement)) continue;
    if (!(ts.getModifiers(statement) ?? []).some(({kind}) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isVariableStatement(statement)) {
      for (const {name} of statement.declarationList.declarations) if (ts.isIdentifier(name)) names.add(name.text);
    } else if (isNamedDeclaration(statement) && statement.name !== undefined && ts.isIdentifier(statement.name))
      names.add(statement.name.text);
  }
  return names;
}
