package vendors

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// A batchRow says where the items of a batch stand: in the request, and in its 2xx, which has an
// entry for each item, or for each that failed. A row for GET is for the response that says how
// the items of an earlier request ended, such as that of a job.
//
// An entry is read like a response of its own, by the vendor's decode, header_codes and waits,
// and its code or status is judged by the same rules.
type batchRow struct {
	At      yamlfile.Pos
	Methods []string `yaml:"methods,required,nonempty"`
	Paths   []string `yaml:"path,required,nonempty"`

	// Sent leads to the items in the request, such as /inputs/*. Without it, nobody knows how
	// many there are, and so whether the response lacks one.
	Sent answer.Pointer `yaml:"sent"`

	// SentKey is where an item of the request has its key.
	SentKey place `yaml:"sent_key"`

	// Items leads to the entries of the response, such as /results/*. Without Index and Key, an
	// entry is about the item with its number in the list, or its name in the object.
	Items answer.Pointer `yaml:"items,required"`

	// Index is where an entry has the number of its item, from 0.
	Index place `yaml:"index"`

	// Key is where an entry has the key of its item. Beside Index, it is for entries without
	// a number.
	Key place `yaml:"key"`

	// ErrorsOnly means that there are entries for those items only that failed. Without it, an
	// item without an entry is in doubt.
	ErrorsOnly bool `yaml:"errors_only"`

	// Done is the value by which an entry says that its item is done.
	Done *markRow `yaml:"done"`

	// Failed are the values by which an entry says that its item failed: any of these.
	// Without one, its item is done.
	Failed []markRow `yaml:"failed,nonempty"`

	// OneIsWhole means that a response with one entry is not that to a batch: the failure is
	// that of the request.
	OneIsWhole bool `yaml:"one_is_whole"`

	// Status is where an entry has the HTTP status of its item. Below 400, the item is done.
	Status place `yaml:"status"`

	// Headers is where an entry has the headers of a response to its item, as an object.
	Headers place `yaml:"headers"`

	// Body is where an entry has what would be the body of a response to its item. Without it,
	// that is the entry itself.
	Body place `yaml:"body"`

	// Decode replaces the vendor's decode for the bodies of entries.
	Decode []shapeRow `yaml:"decode"`

	// Refused means that the vendor executed no part of an item whose entry has no status and
	// is not done. Without it, that is unknown.
	Refused bool `yaml:"refused"`
}

// A markRow is a value by which an entry says how its item ended.
type markRow struct {
	// Place leads to the value. Without Is, any does but null, false, 0 and an empty one.
	Place answer.Pointer `yaml:"at,required"`

	// Is are the texts of which the value must have one.
	Is []string `yaml:"is,nonempty"`
}

// batches returns where the items of batches stand.
func (c *compiler) batches(rows []batchRow) []batch {
	var out []batch
	seen := map[string]yamlfile.Pos{}
	for _, row := range rows {
		c.problems.ReportDuplicate(seen, row.At, fmt.Sprintf("batch for %v", policy.Match{Methods: row.Methods, Paths: row.Paths}))
		out = append(out, c.batch(row))
	}
	return out
}

// batch returns where the items of a batch stand.
func (c *compiler) batch(row batchRow) batch {
	b := batch{
		on:   policy.Endpoint{Methods: row.Methods, Paths: row.Paths},
		sent: row.Sent, sentKey: row.SentKey.pointer(),
		items: row.Items, index: row.Index.pointer(), key: row.Key.pointer(), errorsOnly: row.ErrorsOnly, oneIsWhole: row.OneIsWhole,
		status: row.Status.pointer(), headers: row.Headers.pointer(), body: row.Body.pointer(), refused: row.Refused,
	}
	if row.Done != nil {
		b.done = &mark{row.Done.Place, row.Done.Is}
	}
	for _, failed := range row.Failed {
		b.failed = append(b.failed, mark{failed.Place, failed.Is})
	}
	b.shapes = c.shapes(row.Decode)
	problem := func(format string, args ...any) { c.problems.Report(row.At, "batch: "+format, args...) }
	for _, text := range b.on.Problems() {
		problem("%s", text)
	}
	for _, text := range row.problems() {
		problem("%s", text)
	}
	return b
}

// problems returns what is wrong with where the items stand, a sentence for each problem.
func (row batchRow) problems() []string {
	var problems []string
	refuse := func(is bool, text string) {
		if is {
			problems = append(problems, text)
		}
	}
	refuse(len(row.Items) == 0, "items: expected a JSON pointer to the entries, such as /results/*, or /* if the body is a list")
	refuse(row.Sent != nil && len(row.Sent) == 0, "sent: expected a JSON pointer to the items, such as /inputs/*, or /* if the body is a list")
	isWhole := func(d markRow) bool { return len(d.Place) == 0 }
	refuse(row.Done != nil && isWhole(*row.Done), "done: at: expected a JSON pointer to a value, and not to the whole entry")
	refuse(slices.ContainsFunc(row.Failed, isWhole), "failed: at: expected a JSON pointer to a value, and not to the whole entry")
	refuse(row.Index != nil && row.Key != nil && row.Sent != nil, "expected index or key, not both: each says which item of sent an entry is about")
	refuse(row.Key != nil && row.Sent != nil && row.SentKey == nil, "key needs sent_key, which is where an item of the request has that key")
	refuse(row.SentKey != nil && row.Sent == nil, "sent_key has no effect without sent")
	refuse(row.SentKey != nil && row.Index != nil, "sent_key has no effect beside index")
	refuse(!row.ErrorsOnly && row.Done == nil && row.Failed == nil && row.Status == nil, "expected done, failed or status, which say whether an item is done, or errors_only: true")
	refuse(row.ErrorsOnly && row.Done != nil, "done has no effect with errors_only: no entry says that its item is done")
	refuse(row.Failed != nil && (row.ErrorsOnly || row.Done != nil), "failed has no effect beside done or errors_only")
	refuse(row.OneIsWhole && (row.ErrorsOnly || row.Sent != nil), "one_is_whole has no effect beside sent or errors_only: there, one entry says nothing about how many items there are")
	return append(problems, row.methodProblems()...)
}

// methodProblems returns what is wrong with the methods, a sentence for each problem.
func (row batchRow) methodProblems() []string {
	var problems []string
	if slices.Contains(row.Methods, http.MethodHead) {
		problems = append(problems, "methods: the response to a HEAD has no entries")
	}
	if slices.Contains(row.Methods, http.MethodGet) && (row.Sent != nil || len(row.Methods) > 1) {
		problems = append(problems, "methods: GET sends no items; give it a row without sent, about the items of an earlier request")
	}
	return problems
}
