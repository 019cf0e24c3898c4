package main

import "fmt"

// A row is what one peer reached in one run of a scenario. Its JSON begins with its title.
type row interface {
	head() title
	columns() []column // of the table, after those of the title
	order() float64    // the median of several runs is found by it
}

// A title says what a row is about.
type title struct {
	Scenario string `json:"scenario"`
	Peer     string `json:"peer"`
}

func (t title) head() title { return t }

// A column is a cell of a row, and what stands above it.
type column struct{ name, value string }

// count and decimal return a column with a number; decimal has so many digits after the point.
func count(name string, n int) column { return column{name, fmt.Sprint(n)} }

func decimal(name string, digits int, f float64) column {
	return column{name, fmt.Sprintf("%.*f", digits, f)}
}

// maybe is decimal, or an empty cell for nil.
func maybe(name string, digits int, f *float64) column {
	if f == nil {
		return column{name: name}
	}
	return decimal(name, digits, *f)
}

// note returns the last column, without a name.
func note(cutOff bool) column {
	if cutOff {
		return column{value: "cut off"}
	}
	return column{}
}
