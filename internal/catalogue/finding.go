package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// A finding is something that a vendor's file lacks or contradicts.
type finding struct {
	What  string `json:"what"`
	Where string `json:"where"` // the first place in the sources or, of what they lack, in the vendor's file
	More  int    `json:"more"`  // how many further places there are
	Write string `json:"write"` // in the vendor's file, or what else to do

	// Codes are those that it is about, if they are many.
	Codes []string `json:"codes,omitempty"`

	// Contradicts means that the file and the source cannot both be right.
	Contradicts bool `json:"contradicts"`
}

// findings are sorted by what was found, and there is one for each.
type findings []finding

// A collector makes one finding of those about the same.
type collector map[string]*finding

// note adds a finding. The first decides where it is.
func (c collector) note(f finding) {
	if first := c[f.What]; first != nil {
		first.More++
		return
	}
	c[f.What] = &f
}

// sorted returns the findings in the order in which they are printed.
func (c collector) sorted() findings {
	all := findings{}
	for _, f := range c {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b finding) int { return cmp.Compare(a.What, b.What) })
	return all
}

func (f findings) hasContradiction() bool {
	return slices.ContainsFunc(f, func(one finding) bool { return one.Contradicts })
}

// print writes a line for each finding.
func (f findings) print(out io.Writer, asJSON bool) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, one := range f {
		if asJSON {
			if err := encoder.Encode(one); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(out, one); err != nil {
			return err
		}
	}
	return nil
}

// String returns the finding as a line.
func (f finding) String() string {
	where := f.Where
	if f.More > 0 {
		where = fmt.Sprintf("%s (and %d more)", where, f.More)
	}
	return fmt.Sprintf("%s: %s: %s", f.What, where, f.Write)
}
