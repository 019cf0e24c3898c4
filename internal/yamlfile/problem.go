package yamlfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Pos is a position in a file. Decode sets a struct field of type Pos without a yaml tag,
// embedded or not, to the position of the struct's mapping. The zero Pos is no position.
type Pos struct {
	File   string
	Line   int // the first is 1; 0 means unknown
	Column int // in characters, the first is 1
}

// String returns p in the form file:line:column, such as "policies.yaml:14:3". It returns
// the file alone if the line is unknown, and "-" for the zero Pos.
func (p Pos) String() string {
	switch {
	case p == Pos{}:
		return "-"
	case p.Line == 0:
		return p.File
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

// Errorf returns a Problem at p with a text formatted like fmt.Sprintf.
func (p Pos) Errorf(format string, args ...any) Problem {
	return Problem{Pos: p, Text: fmt.Sprintf(format, args...)}
}

// compare orders positions by file, line and column.
func (p Pos) compare(q Pos) int {
	return cmp.Or(
		cmp.Compare(p.File, q.File),
		cmp.Compare(p.Line, q.Line),
		cmp.Compare(p.Column, q.Column),
	)
}

// A Problem is one thing that is wrong in a file.
type Problem struct {
	Pos  Pos
	Text string // one line, without the position
}

// Error returns the position and the text, such as
// `policies.yaml:14:3: missing key "vendor"`.
func (p Problem) Error() string {
	return p.Pos.String() + ": " + p.Text
}

// Problems are all the things that are wrong in a file, in any order. Nil means that
// nothing is.
type Problems []Problem

// Error returns all problems, one on each line, sorted by position.
func (ps Problems) Error() string {
	var lines []string
	for _, p := range ps.sorted() {
		lines = append(lines, p.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns all problems as errors, sorted by position.
func (ps Problems) Unwrap() []error {
	var errs []error
	for _, p := range ps.sorted() {
		errs = append(errs, p)
	}
	return errs
}

// Report adds a problem at a position.
func (ps *Problems) Report(at Pos, format string, args ...any) {
	*ps = append(*ps, at.Errorf(format, args...))
}

// ReportAll adds a problem at a position for each of texts.
func (ps *Problems) ReportAll(at Pos, texts []string) {
	for _, text := range texts {
		ps.Report(at, "%s", text)
	}
}

// ReportDuplicate adds a problem if seen has what already, and then adds it to seen.
func (ps *Problems) ReportDuplicate(seen map[string]Pos, at Pos, what string) {
	if first, twice := seen[what]; twice {
		ps.Report(at, "duplicate %s; the first is at line %d", what, first.Line)
	}
	seen[what] = at
}

// After returns ps and those problems of later that are on other lines. If a line could
// not be read, a later check of that line may fail for this reason only.
func (ps Problems) After(later Problems) Problems {
	all := slices.Clone(ps)
	for _, p := range later {
		if !slices.ContainsFunc(ps, func(known Problem) bool { return known.Pos.Line == p.Pos.Line }) {
			all = append(all, p)
		}
	}
	return all
}

// Err returns the problems as an error of type Problems, sorted by position, or nil if
// there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.sorted()
}

// sorted returns a copy of ps, sorted by position.
func (ps Problems) sorted() Problems {
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b Problem) int { return a.Pos.compare(b.Pos) })
	return sorted
}
