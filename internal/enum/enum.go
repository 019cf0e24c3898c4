// Package enum implements closed sets of words: types over uint8 whose members have
// names.
//
// A type gets its methods String, MarshalText and UnmarshalText from one [Set], which
// is its only table:
//
//	type Color uint8
//
//	const (
//		ColorNone Color = iota
//		Red
//	)
//
//	var colors = enum.Set[Color]{Kind: "color", Names: []string{ColorNone: "none", Red: "red"}}
//
//	func (c Color) String() string               { return colors.Text(c) }
//	func (c Color) MarshalText() ([]byte, error) { return colors.Marshal(c) }
//	func (c *Color) UnmarshalText(b []byte) error { return colors.Unmarshal(c, b) }
package enum

import (
	"fmt"
	"slices"
)

// None is the name of a zero value that stands for "not set". Unmarshal accepts it, but
// an [UnknownError] does not offer it.
const None = "none"

// A Set is the table of names of the type T. It must not be changed.
type Set[T ~uint8] struct {
	Kind  string   // what a member is called in messages, such as "class"
	Names []string // the name of each member, by value
}

// Text returns the name of v, or Kind(v) if v is not a member.
func (s Set[T]) Text(v T) string {
	if int(v) >= len(s.Names) {
		return fmt.Sprintf("%s(%d)", s.Kind, uint8(v))
	}
	return s.Names[v]
}

// Marshal returns the name of v. It returns an error if v is not a member.
func (s Set[T]) Marshal(v T) ([]byte, error) {
	if int(v) >= len(s.Names) {
		return nil, fmt.Errorf("%s(%d) is not a known %s", s.Kind, uint8(v), s.Kind)
	}
	return []byte(s.Names[v]), nil
}

// Unmarshal sets v to the member called text. The error is an [*UnknownError], and v is
// unchanged, if there is no such member.
func (s Set[T]) Unmarshal(v *T, text []byte) error {
	i := slices.Index(s.Names, string(text))
	if i < 0 {
		return &UnknownError{Kind: s.Kind, Word: string(text), Known: s.known()}
	}
	*v = T(i)
	return nil
}

// known returns the names of all members that mean something.
func (s Set[T]) known() []string {
	if len(s.Names) > 0 && s.Names[0] == None {
		return s.Names[1:]
	}
	return s.Names
}

// An UnknownError reports a word that is not the name of a member.
type UnknownError struct {
	Kind  string   // what was expected, such as "class"
	Word  string   // what was found
	Known []string // the names of the members; read-only
}

// Error returns a text such as `unknown class "conflct"`.
func (e *UnknownError) Error() string { return fmt.Sprintf("unknown %s %q", e.Kind, e.Word) }
