// Package yamlfile reads a strict YAML file into a struct, and writes one.
//
// It reports all problems of a file at once, each with its file:line:column and, for a
// misspelled word, the nearest right one:
//
//	policies.yaml:14:5: unknown key "clas"; did you mean "class"?
//
// That is why it decodes the tree of the YAML library itself, in about a thousand lines:
// the library's own decoder stops at the first syntax error, has no columns, and does not
// check a value against the field that takes it.
//
// It reads plain YAML only: one document of mappings, lists and scalars. Null values,
// anchors, aliases, merge keys, tags and directives are problems.
package yamlfile
