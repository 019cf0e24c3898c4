package yamlfile

import (
	"fmt"
	"strings"
)

// Nearest returns the element of known that is most similar to word, or "" if none is
// similar enough. It ignores case. A missing, additional or wrong letter is one mistake,
// and so are two swapped neighbors; at most a third of the letters of the longer word may
// be mistakes. Among equally similar words, the first is returned.
func Nearest(word string, known []string) string {
	best, bestMistakes := "", 0
	letters := []rune(strings.ToLower(word))
	for _, k := range known {
		candidate := []rune(strings.ToLower(k))
		limit := max(len(letters), len(candidate)) / 3
		if difference(len(letters), len(candidate)) > limit {
			continue
		}
		n := mistakes(letters, candidate)
		if n <= limit && (best == "" || n < bestMistakes) {
			best, bestMistakes = k, n
		}
	}
	return best
}

// difference returns the absolute difference of a and b.
func difference(a, b int) int {
	return max(a-b, b-a)
}

// mistakes returns the number of mistakes that turn a into b (the optimal string alignment
// distance). A row has the distances between a prefix of a and all prefixes of b, and is
// computed from the two rows before it.
func mistakes(a, b []rune) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+unequal(a[i], b[j]))
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// unequal returns 1 if a and b differ, else 0.
func unequal(a, b rune) int {
	if a == b {
		return 0
	}
	return 1
}

// Suggest returns the end of a message about a wrong word: the nearest known word, or all
// of them if none is near. It returns "" if there are none.
func Suggest(word string, known []string) string {
	near := Nearest(word, known)
	switch {
	case len(known) == 0 || (near == word && word != ""):
		return ""
	case near == "":
		return "; expected one of " + strings.Join(known, ", ")
	default:
		return fmt.Sprintf("; did you mean %q?", near)
	}
}
