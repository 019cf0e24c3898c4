package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
)

// What has no effect, or leads nowhere, is a problem.
func TestPagingProblems(t *testing.T) {
	cursor := policy.Paging{Style: policy.PageByCursor, Next: "/n", Param: "a"}
	number := policy.Paging{Style: policy.PageByNumber, Param: "page"}
	offset := policy.Paging{Style: policy.PageByOffset, Param: "offset"}
	link := policy.Paging{Style: policy.PageByLink}
	with := func(p policy.Paging, change func(*policy.Paging)) policy.Paging {
		change(&p)
		return p
	}
	for name, tt := range map[string]struct {
		paging policy.Paging
		want   []string
	}{
		"a cursor":              {cursor, nil},
		"a cursor and an end":   {with(cursor, func(p *policy.Paging) { p.More = "/m" }), nil},
		"a number":              {with(number, func(p *policy.Paging) { p.First, p.LastPage = new(0), "/l" }), nil},
		"an offset":             {with(offset, func(p *policy.Paging) { p.Total, p.Size, p.MaxSize = "/t", "/limit", 5 }), nil},
		"a link":                {with(link, func(p *policy.Paging) { p.Next, p.Done = "/@odata.nextLink", "/done" }), nil},
		"no style":              {policy.Paging{}, []string{"style: expected cursor, page, offset or link"}},
		"a style of the future": {policy.Paging{Style: 99}, []string{"style: expected cursor, page, offset or link"}},
		"no cursor":             {policy.Paging{Style: policy.PageByCursor}, []string{"a cursor needs next or last_item, which is where it is, and not both", "a cursor needs param, the parameter that it goes to; if it is a URL, the style is link"}},
		"two cursors":           {with(cursor, func(p *policy.Paging) { p.LastItem = "/id" }), []string{"a cursor needs next or last_item, which is where it is, and not both"}},
		"no parameter":          {policy.Paging{Style: policy.PageByOffset}, []string{"the style offset needs param, the parameter for its number"}},
		"below zero":            {with(number, func(p *policy.Paging) { p.First, p.Size, p.MaxSize = new(-1), "s", -1 }), []string{"max_size: expected zero or more; got -1", "first: expected zero or more; got -1"}},
		"no effect, of a cursor": {with(cursor, func(p *policy.Paging) { p.First, p.LastPage, p.Total = new(1), "/l", "/t" }),
			[]string{"first has no effect with the style cursor", "last_page has no effect with the style cursor", "total has no effect with the style cursor"}},
		"no effect, of a number":  {with(number, func(p *policy.Paging) { p.Next, p.Total = "/n", "/t" }), []string{"next has no effect with the style page", "total has no effect with the style page"}},
		"no effect, of an offset": {with(offset, func(p *policy.Paging) { p.LastItem, p.LastPage = "/n", "/l" }), []string{"last_item has no effect with the style offset", "last_page has no effect with the style offset"}},
		"no effect, of a link":    {with(link, func(p *policy.Paging) { p.Param, p.LastItem = "a", "/n" }), []string{"param has no effect with the style link", "last_item has no effect with the style link"}},
		"no parameter for a size": {with(link, func(p *policy.Paging) { p.MaxSize = 5 }), []string{"max_size has no effect without size"}},
		"one parameter for both":  {with(number, func(p *policy.Paging) { p.Size = "page" }), []string{"param and size are the same parameter"}},
		"more and done":           {with(number, func(p *policy.Paging) { p.More, p.Done = "/m", "/d" }), []string{"expected more or done, not both"}},
		"two ends":                {with(offset, func(p *policy.Paging) { p.More, p.Total = "/m", "/t" }), []string{"expected one of more, done, last_page and total, which say where the list ends"}},
		"a place that is none":    {with(link, func(p *policy.Paging) { p.Items = "items" }), []string{`expected a JSON pointer to one value, such as /paging/next; got "items"`}},
		"a place of many":         {with(link, func(p *policy.Paging) { p.Next = "/*/next" }), []string{`expected a JSON pointer to one value, such as /paging/next; got "/*/next"`}},
		"a parameter that is none": {with(cursor, func(p *policy.Paging) { p.Param = "/a~" }),
			[]string{`expected the name of a parameter, or a JSON pointer into the request's body, such as /after; got "/a~"`}},
		"a path and a method": {with(link, func(p *policy.Paging) { p.Methods, p.Paths = []string{"get"}, []string{"rows"} }),
			[]string{`method "get": expected upper case`, `path "rows": expected a pattern that begins with /, where * is one segment and ** any number`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.paging.Problems()); diff != "" {
				t.Errorf("problems mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// The first that covers a request counts. Without methods, it covers GET.
func TestProfilePagingFor(t *testing.T) {
	p := policy.Profile{Pages: []policy.Paging{
		{Style: policy.PageByNumber, Paths: []string{"/a/*"}, First: new(0)},
		{Style: policy.PageByCursor, Methods: []string{"POST"}, Paths: []string{"/a/*"}},
		{Style: policy.PageByLink},
	}}
	for request, want := range map[[2]string]policy.PageStyle{
		{"GET", "/a/1"}: policy.PageByNumber, {"POST", "/a/1"}: policy.PageByCursor, {"GET", "/b"}: policy.PageByLink, {"POST", "/b"}: policy.PageStyleNone,
	} {
		got, ok := p.PagingFor(request[0], request[1])
		if got.Style != want || ok != (want != policy.PageStyleNone) {
			t.Errorf("PagingFor(%v) = %v, %v; want %v", request, got.Style, ok, want)
		}
		if got.First != nil {
			*got.First = 7 // of a copy
		}
	}
	if got := p.Pages[0].Start(); got != 0 {
		t.Errorf("Start = %d; want 0: a caller changed the profile", got)
	}
	if one, zero := (policy.Paging{Style: policy.PageByNumber}).Start(), (policy.Paging{Style: policy.PageByOffset}).Start(); one != 1 || zero != 0 {
		t.Errorf("Start = %d and %d; want 1 and 0", one, zero)
	}
}

func TestPageStyleHasNames(t *testing.T) {
	for _, style := range []policy.PageStyle{policy.PageByCursor, policy.PageByNumber, policy.PageByOffset, policy.PageByLink} {
		text, err := style.MarshalText()
		var got policy.PageStyle
		if err := got.UnmarshalText(text); err != nil || got != style {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if err != nil || style.String() != string(text) {
			t.Errorf("%v: %s, %v", style, text, err)
		}
	}
	if _, err := policy.PageStyle(99).MarshalText(); err == nil {
		t.Error("a style that does not exist has a name")
	}
}
