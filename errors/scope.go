package apierrors

import "github.com/retrywise/retrywise/internal/enum"

// Scope says which calls a failure concerns or, for a limit, which calls share it. The set
// is closed.
type Scope uint8

// The scopes, from narrow to wide. The zero value, ScopeNone, means that the scope is
// not known.
const (
	ScopeNone     Scope = iota
	ScopeRecord         // this record; other records may pass
	ScopeRequest        // this call
	ScopeEndpoint       // every call to this endpoint with this credential
	ScopeJob            // every record of this job
	ScopeAccount        // every call with this credential
	ScopeGlobal         // every call to this vendor, whoever makes it
)

var scopes = enum.Set[Scope]{Kind: "scope", Names: []string{
	ScopeNone:     enum.None,
	ScopeRecord:   "record",
	ScopeRequest:  "request",
	ScopeEndpoint: "endpoint",
	ScopeJob:      "job",
	ScopeAccount:  "account",
	ScopeGlobal:   "global",
}}

// String returns the name of s, such as "account".
func (s Scope) String() string { return scopes.Text(s) }

// MarshalText returns the name of s. It returns an error if s is not in the set.
func (s Scope) MarshalText() ([]byte, error) { return scopes.Marshal(s) }

// UnmarshalText sets s to the scope called text.
func (s *Scope) UnmarshalText(text []byte) error { return scopes.Unmarshal(s, text) }
