package policy

// ParseFile is ReadFile without a file.
var ParseFile = parseFile
