package policy

import (
	"net/http"
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// MaxItems is how many items of a batch a Failure may list. For those that write decoders.
const MaxItems = 10_000

// A Batch is what a response says of the items of a request that has many.
type Batch struct {
	// Size is how many items the request has. Zero means that this is not known.
	Size int

	// Items are those that failed, or of which nothing is known, in the order of the request.
	// The others are done.
	Items []BatchItem

	// Omitted is how many more there are than Items has.
	Omitted int
}

// A BatchItem is an item that failed, or of which nothing is known.
type BatchItem struct {
	// Index is the place of the item in the request, from 0. It is -1 if that is not known.
	Index int

	// Key is the caller's key for the item; empty: it has none.
	Key string

	// Failure is that of a response to a request with this item alone. Its Status is that of
	// the item or, if it has none, of the response.
	Failure Failure
}

// decideBatch decides about a response in which items of a batch failed. Each item is decided
// like a response of its own. The batch is repeated as a whole only if the response has no items
// that succeeded, or does not show any.
func (p Policy) decideBatch(f Failure, s State) Decision {
	batch := *f.Batch
	f.Batch = nil
	s.CanSplit = s.CanSplit && !s.readsItems()
	each := p.decideItems(batch, s)
	d := Decision{}
	switch {
	case f.Class != apierrors.None: // the response could not be understood
		d = p.Decide(f, s)
	case isWholeRefused(batch, each, s):
		d = p.Decide(batch.Items[gravestItem(each)].Failure, s)
	default:
		d = p.decidePart(batch, each, f, s)
	}
	for i, item := range each {
		if item.Action != apierrors.Accept {
			d.Items = append(d.Items, reported(batch.Items[i], item))
		}
	}
	return d
}

// decideItems returns a decision for each listed item. Without its siblings, an item is another
// request: it has neither the call's idempotency key nor its body. A credential that the vendor
// refuses for an item is not renewed, as the response was for the others.
func (p Policy) decideItems(b Batch, s State) []Decision {
	own := s
	own.HasKey, own.KeyLeft, own.KeyReplays, own.OneShotBody = false, 0, nil, false
	own.CanShrink, own.CanSplit, own.CanRefresh, own.InOutage = false, false, false, false
	own.CodesBefore, own.Surfaced, own.SurfacedCode, own.ItemsBefore = nil, 0, "", nil
	each := make([]Decision, 0, len(b.Items))
	if s.readsItems() {
		own.Method, own.Repeatable = http.MethodPost, false
	}
	for _, item := range b.Items {
		own.Before = s.itemBefore(item.Index)
		each = append(each, p.decideItem(item.Failure, own))
	}
	return each
}

// decideItem decides about one item. That the vendor refused it counts also if nothing is known
// of its code: an item without a status has nothing else that says so.
func (p Policy) decideItem(f Failure, s State) Decision {
	f.Batch = nil
	d := p.Decide(f, s)
	if f.Refused && d.Class == apierrors.Unknown {
		d.Applied = s.Before.After(apierrors.AppliedNo).Applied()
	}
	return d
}

// readsItems reports whether the request has no items, but reads how those of an earlier one
// ended. They were sent by a write, of which it says nothing whether it may be repeated.
func (s State) readsItems() bool { return s.method() == http.MethodGet }

// itemBefore returns the outcome of earlier requests for the item with that index. Under an
// idempotency key that the vendor knows, all attempts are one request, and the response is that
// to it.
func (s State) itemBefore(index int) Outcome {
	if s.HasKey && s.KeyLeft >= 0 || s.readsItems() {
		return NotApplied
	}
	if index < 0 || index >= len(s.ItemsBefore) {
		return s.Before
	}
	return s.ItemsBefore[index].After(s.Before.Applied())
}

// isWholeRefused reports whether no item was executed and each may be sent again, so that
// the batch may be. Under an idempotency key the vendor would return the same response. If a
// part of it can go earlier, or its body can be read only once, a call that can be split is.
func isWholeRefused(b Batch, each []Decision, s State) bool {
	isRetried := func(d Decision) bool { return d.Retry }
	isNot := func(d Decision) bool { return !d.Retry }
	mayNot := func(d Decision) bool {
		return !d.Retry && (d.Applied != apierrors.AppliedNo || !slices.Contains(repeating, d.Action))
	}
	if b.Size == 0 || b.Size != len(b.Items) || s.HasKey || slices.ContainsFunc(each, mayNot) {
		return false
	}
	return !s.CanSplit || !s.OneShotBody && (!slices.ContainsFunc(each, isRetried) || !slices.ContainsFunc(each, isNot))
}

// gravestItem returns the place of the item with the gravest action and, of these, the longest
// wait.
func gravestItem(each []Decision) int {
	gravest := 0
	for i, d := range each {
		g := each[gravest]
		if gravity[d.Action] > gravity[g.Action] || d.Action == g.Action && itemWait(d) > itemWait(g) {
			gravest = i
		}
	}
	return gravest
}

// decidePart decides about a batch of which a part may be done. Those of its items that may be
// sent again are, if the call can be split.
func (p Policy) decidePart(b Batch, each []Decision, f Failure, s State) Decision {
	r := p.ruleFor(Failure{Class: apierrors.Partial, Status: f.Status, Applied: appliedPart(b, each)}, "", s)
	d := Decision{
		Class: apierrors.Partial, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Scope: r.Scope,
		Applied: appliedPart(b, each), Summary: r.Summary, Hint: r.Hint, Rule: r.Name, Limits: p.limitsNamed(f.Limits),
	}
	isAccepted := func(d Decision) bool { return d.Action == apierrors.Accept }
	switch {
	case b.Omitted == 0 && !slices.ContainsFunc(each, func(d Decision) bool { return !isAccepted(d) }):
		d.Action, d.Stop = apierrors.Accept, apierrors.StopNone
	case r.Action == apierrors.FailFast:
		d.Action = apierrors.FailFast
	}
	place := 0 // in Items
	for i, item := range each {
		if isAccepted(item) {
			continue
		}
		d.addItem(item, place, s.CanSplit && b.Items[i].isKnown())
		place++
	}
	if s.CanSplit && len(d.Again) == 0 && d.Action == apierrors.Surface {
		d.Stop = stopOfItems(each)
	}
	return d
}

// isKnown reports whether the caller can tell which item it is.
func (i BatchItem) isKnown() bool { return i.Index >= 0 || i.Key != "" }

// addItem adds to d what the decision about one of its items asks for: a pause of the calls
// under its limit and, if the call can be split, a retry after its wait.
func (d *Decision) addItem(item Decision, place int, canSplit bool) {
	if item.PauseFor > d.PauseFor {
		d.PauseFor, d.VendorPause, d.Limits = item.PauseFor, item.VendorPause, item.Limits
	}
	if !item.Retry || !canSplit || d.Action == apierrors.FailFast {
		return
	}
	if !d.Retry {
		d.Retry, d.Free, d.Action, d.Stop = true, true, apierrors.Shrink, apierrors.StopNone
	}
	d.Again = append(d.Again, place)
	d.Free = d.Free && item.Free
	d.Price = max(d.Price, item.Price)
	if item.Delay >= d.Delay {
		d.Delay, d.VendorWait = item.Delay, item.VendorWait
	}
}

// stopOfItems returns why items that may be sent again are not: the bound of the call that
// stops the first of them.
func stopOfItems(each []Decision) apierrors.Stop {
	for _, d := range each {
		if d.Stop != apierrors.StopUnsafe && slices.Contains(repeating, d.Action) {
			return d.Stop
		}
	}
	return apierrors.StopPermanent
}

// appliedPart returns what is known of a batch as a whole: yes if an item is done, and
// otherwise unknown if one may be. Without a Size, some are taken to be done.
func appliedPart(b Batch, each []Decision) apierrors.Applied {
	isAccepted := func(d Decision) bool { return d.Action == apierrors.Accept || d.Applied == apierrors.AppliedYes }
	isInDoubt := func(d Decision) bool { return d.Applied == apierrors.AppliedUnknown }
	switch {
	case b.Size == 0 || len(b.Items)+b.Omitted < b.Size || slices.ContainsFunc(each, isAccepted):
		return apierrors.AppliedYes
	case b.Omitted > 0 || slices.ContainsFunc(each, isInDoubt):
		return apierrors.AppliedUnknown
	default:
		return apierrors.AppliedNo
	}
}

// reported returns what the caller is told of an item.
func reported(item BatchItem, d Decision) apierrors.Item {
	return apierrors.Item{
		Index: item.Index, Key: item.Key, Status: item.Failure.Status, Code: d.Code, Summary: d.Summary,
		Class: d.Class, Action: d.Action, Stop: d.Stop, Applied: d.Applied, Wait: itemWait(d), Fields: slices.Clone(item.Failure.Items),
	}
}

// itemWait returns how long to wait before an item is sent again. A back-off is the client's
// own.
func itemWait(d Decision) time.Duration {
	if d.Retry && d.VendorWait {
		return d.Delay
	}
	return d.RetryIn
}
