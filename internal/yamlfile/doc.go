// Package yamlfile reads a strict YAML file into a struct.
//
// Everything that is wrong is told at once, each problem with its
// file:line:column and, for a misspelt word, the nearest right one:
//
//	policies.yaml:14:5: unknown key "clas"; did you mean "class"?
//
// Only plain YAML is read: one document of mappings, lists and scalars. Null
// values, anchors, aliases, merge keys, tags and directives are problems.
package yamlfile
