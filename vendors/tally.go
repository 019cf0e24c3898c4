package vendors

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A tally puts the entries of a response beside the items of the request.
type tally struct {
	where  batch
	size   int              // of the request; 0: it is not known
	keys   []string         // of its items; nil: they have none
	places map[string][]int // of its items, by their keys

	failed map[int]*policy.Failure
	done   map[int]bool
	apart  []policy.BatchItem // failed, without an index
	common *policy.Failure    // of an entry that names no item
	isLost bool               // the entries cannot be matched with the items
}

// newTally returns the tally for a request with the body sent, which may be empty.
func newTally(where batch, sent []byte) *tally {
	t := &tally{where: where, places: map[string][]int{}, failed: map[int]*policy.Failure{}, done: map[int]bool{}}
	if where.sent == nil {
		return t
	}
	body, _ := answer.Parse(sent)
	items := body.All(where.sent)
	t.size = len(items)
	if where.sentKey == nil {
		return t
	}
	for i, item := range items {
		key, hasKey := kindAt(item, where.sentKey, answer.Text, answer.Scalar)
		t.keys = append(t.keys, key.Text)
		if hasKey && key.Text != "" {
			t.places[key.Text] = append(t.places[key.Text], i)
		}
	}
	return t
}

// add adds an entry. f is the failure of its item; nil: it is done.
func (t *tally) add(entry answer.Member, f *policy.Failure) {
	key, index, isNamed := t.item(entry)
	switch places := t.places[key]; {
	case !isNamed:
		t.addCommon(f)
	case len(places) == 1:
		t.addAt(places[0], f)
	case len(places) > 1: // the request has the key several times
		for _, i := range places {
			t.addAt(i, doubtful(f, "several items with the key"))
		}
	case key == "" && index >= 0 && (t.size == 0 || index < t.size):
		t.addAt(index, f)
	case len(t.places) > 0 || key == "" && t.size > 0:
		t.isLost = true // it is about an item that was not sent
	default:
		t.addApart(key, f)
	}
}

// item returns the item that an entry names: by its key, or else by its index. It reports
// whether it names one.
func (t *tally) item(entry answer.Member) (key string, index int, isNamed bool) {
	if w := t.where; w.index != nil || w.key != nil {
		return t.named(entry.Value)
	}
	if index, err := strconv.Atoi(entry.Key); err == nil && t.where.sentKey == nil {
		return "", index, true
	}
	return entry.Key, 0, entry.Key != ""
}

// named returns the item that an entry names by its index or, if it has none, by its key.
func (t *tally) named(entry answer.Node) (key string, index int, isNamed bool) {
	if _, isThere := entry.At(t.where.index); isThere && t.where.index != nil {
		index, isNumber := integerAt(entry, t.where.index)
		if !isNumber {
			index = -1
		}
		return "", index, true
	}
	found, isThere := kindAt(entry, t.where.key, answer.Text, answer.Scalar)
	return found.Text, 0, isThere && found.Text != ""
}

// addAt adds an entry about the item at an index. A second one adds to the first; if only one
// of them is a failure, nobody knows which is right.
func (t *tally) addAt(index int, f *policy.Failure) {
	before, hasFailed := t.failed[index]
	wasDone := t.done[index]
	switch {
	case f == nil && hasFailed, f != nil && wasDone:
		t.failed[index] = doubtful(cmp.Or(f, before), "two entries")
		delete(t.done, index)
	case f == nil:
		t.done[index] = true
	case hasFailed:
		t.failed[index] = joined(before, f)
	default:
		t.failed[index] = f
	}
}

// doubtful returns the failure of an item whose entries do not say how it ended; nil for nil.
func doubtful(f *policy.Failure, cause string) *policy.Failure {
	if f == nil {
		return nil
	}
	doubt := inDoubt(cause, f.Status)
	doubt.Items = f.Items
	return doubt
}

// joined returns the failure of an item with two entries: a greater status proves less.
func joined(f, more *policy.Failure) *policy.Failure {
	both := *f
	both.Items = answer.Bounded(slices.Concat(f.Items, more.Items))
	both.Wait, both.Status = max(f.Wait, more.Wait), max(f.Status, more.Status)
	both.Refused = f.Refused && more.Refused
	if both.Class == apierrors.None {
		both.Class, both.Applied, both.Cause = more.Class, more.Applied, more.Cause
	}
	return &both
}

// addCommon adds an entry that names no item.
func (t *tally) addCommon(f *policy.Failure) {
	switch {
	case f == nil:
	case t.common == nil:
		t.common = f
	default:
		t.common = joined(t.common, f)
	}
}

// addApart adds an entry about an item whose place in the request is not known.
func (t *tally) addApart(key string, f *policy.Failure) {
	if f != nil {
		t.apart = append(t.apart, policy.BatchItem{Index: -1, Key: key, Failure: *f})
	}
}

// batch returns what the entries say of all items. status is that of the response.
func (t *tally) batch(status int) *policy.Batch {
	b := &policy.Batch{Size: t.size}
	list := func(item policy.BatchItem) {
		if len(b.Items) < policy.MaxItems {
			b.Items = append(b.Items, item)
		} else {
			b.Omitted++
		}
	}
	if t.size == 0 {
		for _, i := range slices.Sorted(maps.Keys(t.failed)) {
			list(policy.BatchItem{Index: i, Failure: *t.failed[i]})
		}
	}
	for i := range t.size {
		if f := t.ended(i, status); f != nil {
			list(policy.BatchItem{Index: i, Key: t.keyOf(i), Failure: *f})
		}
	}
	for _, item := range t.apart {
		list(item)
	}
	if t.size == 0 && t.common != nil {
		list(policy.BatchItem{Index: -1, Failure: *t.common})
	}
	return b
}

// ended returns the failure of the item at an index; nil: it is done.
func (t *tally) ended(index, status int) *policy.Failure {
	f, hasFailed := t.failed[index]
	switch {
	case t.isLost:
		return inDoubt("no entry that can be matched", status)
	case hasFailed:
		return f
	case t.done[index]:
		return nil
	case t.common != nil:
		return t.common
	case t.where.errorsOnly:
		return nil
	default:
		return inDoubt("no entry", status)
	}
}

// keyOf returns the key of an item of the request, or "".
func (t *tally) keyOf(index int) string {
	if t.keys == nil {
		return ""
	}
	return t.keys[index]
}
