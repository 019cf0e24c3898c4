package errors

// Scope says whom a failure concerns, and so whom a closed gate holds back.
// The set is closed.
type Scope uint8

// The scopes, from narrow to wide. ScopeNone, the zero value, claims nothing.
const (
	ScopeNone    Scope = iota
	ScopeRecord        // this record; others may pass
	ScopeRequest       // this call
	ScopeJob           // every record of this job fails alike
	ScopeAccount       // every call with this credential
	ScopeGlobal        // everybody's calls to this vendor
)

// scopeNames is the text of each Scope.
var scopeNames = []string{
	ScopeNone:    "none",
	ScopeRecord:  "record",
	ScopeRequest: "request",
	ScopeJob:     "job",
	ScopeAccount: "account",
	ScopeGlobal:  "global",
}

// String returns the scope's name, such as "account".
func (s Scope) String() string { return textOf(scopeNames, s, "scope") }

// MarshalText returns the scope's name; a value outside the set is an error.
func (s Scope) MarshalText() ([]byte, error) { return marshalText(scopeNames, s, "scope") }

// UnmarshalText sets s to the scope called text.
func (s *Scope) UnmarshalText(text []byte) error { return unmarshalText(scopeNames, s, text, "scope") }

// Known returns the name of every scope, for a message about a wrong one.
func (s Scope) Known() []string { return scopeNames[1:] }
