package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A row is an item of the lists in these tests.
type row struct {
	ID int `json:"id"`
}

// Ways in which lists are read.
var (
	byCursor = policy.Paging{Style: policy.PageByCursor, Items: "/items", Next: "/next", Param: "after", Size: "limit"}
	byLast   = policy.Paging{Style: policy.PageByCursor, Items: "/items", LastItem: "/id", Param: "after", More: "/more"}
	inJSON   = policy.Paging{Style: policy.PageByCursor, Methods: []string{"POST"}, Items: "/data/items", Next: "/data/page/next", Param: "/variables/after", Size: "/variables/first"}
	inForm   = policy.Paging{Style: policy.PageByCursor, Methods: []string{"POST"}, Items: "/items", Next: "/next", Param: "/cursor"}
	byNumber = policy.Paging{Style: policy.PageByNumber, Items: "/items", Param: "page"}
	fromZero = policy.Paging{Style: policy.PageByNumber, Items: "/items", Param: "page", First: new(0), LastPage: "/last"}
	byOffset = policy.Paging{Style: policy.PageByOffset, Items: "", Param: "offset"}
	toTotal  = policy.Paging{Style: policy.PageByOffset, Items: "/items", Param: "start", First: new(1), Total: "/total", Size: "count", MaxSize: 2}
	byURL    = policy.Paging{Style: policy.PageByLink, Items: "/items", Next: "/next", Done: "/done"}
	byHeader = policy.Paging{Style: policy.PageByLink, OmitsEmpty: true, Items: "/items"}
)

// Each style reads a list to its end, whatever fails in between.
func TestPagesReadsEachStyle(t *testing.T) {
	ok := func(body string, header ...string) retrywisetest.Answer {
		return retrywisetest.JSON(200, body, header...)
	}
	for name, tt := range map[string]struct {
		paging  policy.Paging
		call    client.Call
		options client.PageOptions
		script  script
		want    [][]int
		asked   []string // query and body of each request
	}{
		"a cursor": {
			byCursor, client.Call{Path: "/rows", Query: url.Values{"q": {"x"}}}, client.PageOptions{Size: 2},
			script{ok(`{"items":[{"id":1},{"id":2}],"next":"a b"}`), retrywisetest.Cut(ok(`{"items":[{"id":3}],"next":"c"}`)), ok(`{"items":[],"next":7}`), retrywisetest.HTML(200), ok(`{"items":[{"id":4}],"next":""}`)},
			[][]int{{1, 2}, {}, {4}}, []string{"limit=2&q=x", "after=a+b&limit=2&q=x", "after=a+b&limit=2&q=x", "after=7&limit=2&q=x", "after=7&limit=2&q=x"},
		},
		"a cursor that is null": {byCursor, client.Call{}, client.PageOptions{}, script{ok(`{"items":[],"next":null}`)}, [][]int{{}}, []string{""}},
		"the id of the last item": {
			byLast, client.Call{}, client.PageOptions{},
			script{ok(`{"items":[{"id":1},{"id":2}],"more":true}`), retrywisetest.Status(503), ok(`{"items":[{"id":3}],"more":false}`)},
			[][]int{{1, 2}, {3}}, []string{"", "after=2", "after=2"},
		},
		"a cursor in a JSON body": {
			inJSON, client.Call{Method: "POST", Body: map[string]any{"query": "{x}", "variables": map[string]any{"since": 9007199254740993}}, Options: client.CallOptions{Repeatable: true}},
			client.PageOptions{Size: 5},
			script{ok(`{"data":{"items":[{"id":1}],"page":{"next":"n"}}}`), retrywisetest.Status(200), ok(`{"data":{"items":[{"id":2}],"page":{}}}`)},
			[][]int{{1}, {2}}, []string{
				`|{"query":"{x}","variables":{"first":5,"since":9007199254740993}}`,
				`|{"query":"{x}","variables":{"after":"n","first":5,"since":9007199254740993}}`, `|{"query":"{x}","variables":{"after":"n","first":5,"since":9007199254740993}}`,
			},
		},
		"a cursor in a body that was empty": {
			inForm, client.Call{Method: "POST"}, client.PageOptions{},
			script{ok(`{"items":[],"next":"n"}`), ok(`{"items":[]}`)}, [][]int{{}, {}}, []string{`|{}`, `|{"cursor":"n"}`},
		},
		"a cursor in a form": {
			inForm, client.Call{Method: "POST", Body: url.Values{"channel": {"C"}}}, client.PageOptions{},
			script{ok(`{"items":[{"id":1}],"next":"n="}`), ok(`{"items":[{"id":2}],"next":""}`)},
			[][]int{{1}, {2}}, []string{"|channel=C", "|channel=C&cursor=n%3D"},
		},
		"numbers, up to an empty page": {
			byNumber, client.Call{}, client.PageOptions{},
			script{ok(`{"items":[{"id":1}]}`), ok(`{"items":[{"id":2}]}`), retrywisetest.Reset(), ok(`{"items":[]}`)},
			[][]int{{1}, {2}, {}}, []string{"", "page=2", "page=3", "page=3"},
		},
		"numbers from zero, up to the last": {
			fromZero, client.Call{}, client.PageOptions{},
			script{ok(`{"items":[{"id":1}],"last":"1"}`), ok(`{"items":[],"last":1}`)}, [][]int{{1}, {}}, []string{"", "page=1"},
		},
		"offsets, up to an empty page": {
			byOffset, client.Call{}, client.PageOptions{},
			script{ok(`[{"id":1},{"id":2}]`), ok(`[{"id":3}]`), ok(`[]`)}, [][]int{{1, 2}, {3}, {}}, []string{"", "offset=2", "offset=3"},
		},
		"offsets from one, up to the total": {
			toTotal, client.Call{}, client.PageOptions{},
			script{ok(`{"items":[{"id":1},{"id":2}],"total":3}`), ok(`{"items":[{"id":3}],"total":3}`)}, [][]int{{1, 2}, {3}}, []string{"count=2", "count=2&start=3"},
		},
		"the caller's own size": {
			toTotal, client.Call{Query: url.Values{"count": {"9"}}}, client.PageOptions{}, script{ok(`{"items":[],"total":0}`)}, [][]int{{}}, []string{"count=9"},
		},
		"a URL in the body": {
			byURL, client.Call{Path: "/v1/rows", Query: url.Values{"q": {"x"}}}, client.PageOptions{},
			script{ok(`{"items":[{"id":1}],"next":"/v1/rows?cursor=2#top","done":false}`), ok(`{"items":[{"id":2}],"next":"?cursor=3","done":"false"}`), ok(`{"items":[{"id":3}],"next":"?cursor=4","done":true}`)},
			[][]int{{1}, {2}, {3}}, []string{"q=x", "cursor=2", "cursor=3"},
		},
		"a Link header": {
			byHeader, client.Call{Path: "/rows"}, client.PageOptions{},
			script{
				ok(`{"items":[{"id":1}]}`, "Link", `<http://vendor.test/rows?page=9>; rel="last", <http://vendor.test/rows?page=2>; rel="prefetch next"`),
				ok(`{}`, "Link", `<rows?page=3>;rel=next`), ok(`{"items":null}`),
			},
			[][]int{{1}, {}, {}}, []string{"", "page=2", "page=3"},
		},
		"no content": {byCursor, client.Call{}, client.PageOptions{}, script{retrywisetest.Status(204)}, [][]int{{}}, []string{""}},
		"a failure that is accepted": {
			byNumber, client.Call{}, client.PageOptions{}, script{ok(`{"items":[{"id":1}]}`), retrywisetest.Status(404, "X-Code", "EMPTY")}, [][]int{{1}, {}}, []string{"", "page=2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.script...)
				c := newClient(t, srv, client.Config{BaseURL: "http://vendor.test"})
				tt.options.Paging = &tt.paging
				if tt.call.Path == "" {
					tt.call.Path = "/rows"
				}
				pages, err := readPages(t.Context(), c, tt.call, tt.options)
				if err != nil {
					t.Errorf("error %v", err)
				}
				if diff := cmp.Diff(tt.want, ids(pages)); diff != "" {
					t.Errorf("items mismatch (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.asked, asked(srv)); diff != "" {
					t.Errorf("requests mismatch (-want +got):\n%s", diff)
				}
				for i, p := range pages {
					if isEnd := i == len(pages)-1; p.Last != isEnd || p.Last != (p.Next == "") {
						t.Errorf("page %d: Last %v, Next %q", i, p.Last, p.Next)
					}
				}
			})
		})
	}
}

// readPages reads a list until it ends or fails. The page beside an error is the last one.
func readPages(ctx context.Context, c *client.Client, call client.Call, o client.PageOptions) (pages []client.Page[row], err error) {
	for page, err := range client.Pages[row](ctx, c, call, o) {
		pages = append(pages, page)
		if err != nil {
			return pages, err
		}
	}
	return pages, nil
}

// ids returns the ids of the items of each page.
func ids(pages []client.Page[row]) [][]int {
	all := [][]int{}
	for _, p := range pages {
		one := []int{}
		for _, r := range p.Items {
			one = append(one, r.ID)
		}
		all = append(all, one)
	}
	return all
}

// asked returns the query and the body of each request.
func asked(srv *retrywisetest.Server) []string {
	var all []string
	for _, r := range srv.Requests() {
		text := r.Query
		if r.Body != nil {
			text += "|" + string(r.Body)
		}
		all = append(all, text)
	}
	return all
}

// A page that cannot be used ends the list. Nothing is skipped: the token beside the error leads to
// that page.
func TestPagesEndsWithABrokenPage(t *testing.T) {
	first := `{"items":[{"id":1}],"next":"2","more":true,"last":3,"total":3,"done":false}`
	for name, tt := range map[string]struct {
		paging  policy.Paging
		broken  retrywisetest.Answer
		times   int // that it is asked for
		problem string
		class   apierrors.Class
	}{
		"cut, each time":           {byCursor, retrywisetest.Cut(retrywisetest.JSON(200, first)), 4, "the response is not a whole JSON document", apierrors.MalformedResponse},
		"HTML, each time":          {byCursor, retrywisetest.HTML(200), 4, "the response is an HTML page", apierrors.MalformedResponse},
		"empty, each time":         {byCursor, retrywisetest.Status(200), 4, "the response has no body", apierrors.MalformedResponse},
		"the vendor is down":       {byCursor, retrywisetest.Status(503), 4, "", apierrors.ServerError},
		"a cursor that is refused": {byCursor, retrywisetest.Status(400, "X-Code", "BAD"), 1, "It is bad.", apierrors.Validation},
		"without a list":           {byCursor, retrywisetest.JSON(200, `{"error":"none"}`), 1, "the page has no list of items where one is expected", apierrors.MalformedResponse},
		"a list that is null":      {byCursor, retrywisetest.JSON(200, `{"items":null}`), 1, "the page has no list of items where one is expected", apierrors.MalformedResponse},
		"an object for a list":     {byCursor, retrywisetest.JSON(200, `{"items":{"id":1}}`), 1, "expected []client_test.row; got object", apierrors.MalformedResponse},
		"an item of another type":  {byCursor, retrywisetest.JSON(200, `{"items":[{"id":"x"}]}`), 1, "expected int; got string", apierrors.MalformedResponse},
		"a cursor that is no text": {byCursor, retrywisetest.JSON(200, `{"items":[],"next":[1]}`), 1, "the cursor of the next page is neither a text nor a number", apierrors.MalformedResponse},
		"a cursor without end":     {byCursor, retrywisetest.JSON(200, `{"items":[],"next":"`+strings.Repeat("x", 9000)+`"}`), 1, "the cursor of the next page is longer than 8 KiB", apierrors.MalformedResponse},
		"its own cursor":           {byCursor, retrywisetest.JSON(200, first), 4, "the page leads back to an earlier one", apierrors.MalformedResponse},
		"no word about more":       {byLast, retrywisetest.JSON(200, `{"items":[{"id":2}]}`), 1, "the page does not say whether there is another one", apierrors.MalformedResponse},
		"more, and no item":        {byLast, retrywisetest.JSON(200, `{"items":[],"more":true}`), 1, "the page says that there is another one, and not where", apierrors.MalformedResponse},
		"more, and no id":          {byLast, retrywisetest.JSON(200, `{"items":[{"ID":2}],"more":true}`), 1, "the last item of the page has no cursor", apierrors.MalformedResponse},
		"the page before again":    {byNumber, retrywisetest.JSON(200, first), 4, "the page has the items of an earlier one", apierrors.MalformedResponse},
		"no number of pages":       {fromZero, retrywisetest.JSON(200, `{"items":[{"id":2}],"last":null}`), 1, "the page does not say how many there are", apierrors.MalformedResponse},
		"more items, and none":     {toTotal, retrywisetest.JSON(200, `{"items":[],"total":3}`), 1, "the page says that there are more items, and has none", apierrors.MalformedResponse},
		"no number of items":       {toTotal, retrywisetest.JSON(200, `{"items":[{"id":2}],"total":-1}`), 1, "the page does not say how many there are", apierrors.MalformedResponse},
		"a link elsewhere":         {byURL, retrywisetest.JSON(200, `{"items":[],"next":"https://evil.test/rows","done":false}`), 1, "the link to the next page leads to another origin than the base URL's and Origins", apierrors.MalformedResponse},
		"a link without TLS":       {byURL, retrywisetest.JSON(200, `{"items":[],"next":"http://vendor.test/rows","done":false}`), 1, "the link to the next page leads to another origin than the base URL's and Origins", apierrors.MalformedResponse},
		"a link with a user":       {byURL, retrywisetest.JSON(200, `{"items":[],"next":"https://a:b@vendor.test/rows","done":false}`), 1, "the link to the next page leads to another origin than the base URL's and Origins", apierrors.MalformedResponse},
		"a link that is no URL":    {byURL, retrywisetest.JSON(200, `{"items":[],"next":"https://[","done":false}`), 1, "the link to the next page is no URL", apierrors.MalformedResponse},
		"not done, and no link":    {byURL, retrywisetest.JSON(200, `{"items":[],"done":false}`), 1, "the page says that there is another one, and not where", apierrors.MalformedResponse},
		"a link back":              {byURL, retrywisetest.JSON(200, `{"items":[],"next":"/2","done":false}`), 4, "the page leads back to an earlier one", apierrors.MalformedResponse},
		"a malformed Link header":  {byHeader, retrywisetest.JSON(200, `{"items":[]}`, "Link", `<x; rel=next`), 1, "the Link header of the page is malformed", apierrors.MalformedResponse},
		"not modified":             {byCursor, retrywisetest.Status(304), 1, "the response is no page: a list is read without headers such as If-None-Match", apierrors.MalformedRequest},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answers := script{retrywisetest.JSON(200, first, "Link", `<https://vendor.test/2>; rel="next"`)}
				for range tt.times {
					answers = append(answers, tt.broken)
				}
				srv := retrywisetest.New(t, append(answers, retrywisetest.JSON(200, `{"items":[{"id":2}],"more":false,"last":1,"total":2,"done":true}`), retrywisetest.JSON(200, `{"items":[]}`))...)
				c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test"})
				call := client.Call{Path: "/rows", Options: client.CallOptions{Op: "rows.list"}}
				pages, err := readPages(t.Context(), c, call, client.PageOptions{Paging: &tt.paging})
				e := failure(t, err)
				if e.Class != tt.class || e.Summary != tt.problem || e.Op != "rows.list" {
					t.Errorf("error %v: %q; want %v: %q", e, e.Summary, tt.class, tt.problem)
				}
				if diff := cmp.Diff([][]int{{1}, {}}, ids(pages)); diff != "" {
					t.Errorf("items mismatch (-want +got):\n%s", diff)
				}
				broken := pages[1]
				if broken.Last || broken.Next == "" || broken.Next != pages[0].Next {
					t.Errorf("the page beside the error: %+v; want the token %q", broken, pages[0].Next)
				}
				rest, err := readPages(t.Context(), c, call, client.PageOptions{Paging: &tt.paging, From: broken.Next})
				if err != nil || len(rest) == 0 || rest[0].Items[0].ID != 2 {
					t.Errorf("the list continues with %v, error %v", ids(rest), err)
				}
				for len(srv.Requests()) < len(answers)+2 { // not each style reads an empty page
					_, _ = send(t.Context(), t, c, http.MethodGet, "/", "")
				}
			})
		})
	}
}

// What cannot be read page by page fails before anything is sent.
func TestPagesRefuses(t *testing.T) {
	get := func(change func(*client.Call)) client.Call {
		call := client.Call{Path: "/rows"}
		change(&call)
		return call
	}
	withBody := func(body any) client.Call {
		return client.Call{Method: "POST", Path: "/rows", Body: body, Header: http.Header{"Content-Type": {"application/json"}}}
	}
	for name, tt := range map[string]struct {
		call    client.Call
		options client.PageOptions
		want    string
	}{
		"a list that nobody described":     {get(func(*client.Call) {}), client.PageOptions{}, "the vendor's data do not say how this list is read: set PageOptions.Paging"},
		"a wrong description":              {get(func(*client.Call) {}), client.PageOptions{Paging: &policy.Paging{}}, "PageOptions.Paging: style: expected cursor, page, offset or link"},
		"a link":                           {get(func(c *client.Call) { c.Link = "/x" }), client.PageOptions{Paging: &byURL}, "Link: a list begins at Path; to continue one, use PageOptions.From"},
		"an idempotency key":               {get(func(c *client.Call) { c.Options.IdempotencyKey = "k" }), client.PageOptions{Paging: &byURL}, "IdempotencyKey: each page is another request"},
		"a body that can be read once":     {withBody(strings.NewReader("{}")), client.PageOptions{Paging: &inJSON}, "a body of type *strings.Reader can be read once, and each page sends it"},
		"a path that is none":              {get(func(c *client.Call) { c.Path = "/a?b" }), client.PageOptions{Paging: &byURL}, "path: expected a path alone: no host, no query (use Query), no . or .. in it"},
		"a parameter that is set":          {get(func(c *client.Call) { c.Query = url.Values{"page": {"3"}} }), client.PageOptions{Paging: &byNumber}, "parameter page: to continue a list, use PageOptions.From"},
		"a member that is set":             {withBody(map[string]any{"variables": map[string]any{"after": "x"}}), client.PageOptions{Paging: &inJSON}, "parameter /variables/after: to continue a list, use PageOptions.From"},
		"a field of the form that is set":  {withBody(url.Values{"cursor": {"x"}}), client.PageOptions{Paging: &inForm}, "parameter /cursor: to continue a list, use PageOptions.From"},
		"a body that is text":              {withBody("{}"), client.PageOptions{Paging: &inJSON}, "a parameter goes into the body: expected url.Values, or a value that is sent as JSON; got string"},
		"a body that is no object":         {withBody([]int{1}), client.PageOptions{Paging: &inJSON}, "a parameter goes into the body, which is no JSON object, or has another value on the way to it"},
		"a body with a value on the way":   {withBody(map[string]any{"variables": 1}), client.PageOptions{Paging: &inJSON}, "a parameter goes into the body, which is no JSON object, or has another value on the way to it"},
		"a body that cannot be sent":       {withBody(func() {}), client.PageOptions{Paging: &inJSON}, "the body cannot be encoded"},
		"smaller pages, by number":         {get(func(c *client.Call) { c.Options.Shrink = halve }), client.PageOptions{Paging: &byNumber}, "Shrink: the page after a smaller one has another number, so items would be skipped"},
		"a size without a parameter":       {get(func(*client.Call) {}), client.PageOptions{Paging: &byNumber, Size: 5}, "PageOptions.Size: no parameter for it is known: set policy.Paging.Size"},
		"a size below zero":                {get(func(*client.Call) {}), client.PageOptions{Paging: &toTotal, Size: -1}, "PageOptions.Size: it is below zero"},
		"a size that is too large":         {get(func(*client.Call) {}), client.PageOptions{Paging: &toTotal, Size: 3}, "PageOptions.Size: a page has at most 2 items"},
		"two sizes":                        {get(func(c *client.Call) { c.Query = url.Values{"count": {"1"}} }), client.PageOptions{Paging: &toTotal, Size: 1}, "expected PageOptions.Size or the parameter count, not both"},
		"a token that is no number":        {get(func(*client.Call) {}), client.PageOptions{Paging: &byNumber, From: "x"}, "PageOptions.From: expected the Page.Next of an earlier page, which is a number"},
		"a token before the first":         {get(func(*client.Call) {}), client.PageOptions{Paging: &byNumber, From: "0"}, "PageOptions.From: expected the Page.Next of an earlier page, which is a number"},
		"a token that is a link elsewhere": {get(func(*client.Call) {}), client.PageOptions{Paging: &byURL, From: "https://evil.test/"}, "link: expected a URL of the base URL's origin or of Origins"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, retrywisetest.New(t), client.Config{})
			pages, err := readPages(t.Context(), c, tt.call, tt.options)
			e := failure(t, err)
			if e.Class != apierrors.MalformedRequest || e.Summary != tt.want {
				t.Errorf("error %v: %q; want %q", e.Class, e.Summary, tt.want)
			}
			if len(pages) != 1 || pages[0].Next != tt.options.From {
				t.Errorf("pages %+v; want one with the token", pages)
			}
		})
	}
	if _, err := readPages(t.Context(), nil, client.Call{}, client.PageOptions{}); !errors.Is(err, apierrors.MalformedRequest) {
		t.Errorf("without a Client: %v", err)
	}
}

func halve(*http.Request) (*http.Request, error) { return nil, nil }

// A loop may end before the list does, and may begin again at any page.
func TestPagesContinuesFromEachPage(t *testing.T) {
	list := retrywisetest.Answer(func(w http.ResponseWriter, r *http.Request) {
		n := 1
		_, _ = fmt.Sscan(r.URL.Query().Get("after"), &n)
		next := fmt.Sprint(n + 1)
		if n == 5 {
			next = ""
		}
		retrywisetest.JSON(200, fmt.Sprintf(`{"items":[{"id":%d}],"next":%q}`, n, next))(w, r)
	})
	c := newClient(t, retrywisetest.Handle(t, list), client.Config{})
	token, got := "", []int{}
	for len(got) < 5 {
		for page, err := range client.Pages[row](t.Context(), c, client.Call{Path: "/rows"}, client.PageOptions{Paging: &byCursor, From: token}) {
			if err != nil {
				t.Fatal(err)
			}
			got, token = append(got, page.Items[0].ID), page.Next
			if want := fmt.Sprintf(`{"items":[{"id":%d}],`, page.Items[0].ID); !strings.HasPrefix(string(page.Body), want) {
				t.Errorf("body %s; want %s…", page.Body, want)
			}
			break
		}
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, got); diff != "" || token != "" {
		t.Errorf("token %q, items mismatch (-want +got):\n%s", token, diff)
	}
}

// A context that ends while a page is waited for ends the list there.
func TestPagesEndsWithItsContext(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := newClient(t, retrywisetest.New(t, retrywisetest.JSON(200, `{"items":[],"next":"2"}`), retrywisetest.Hang()), client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		for page, err := range client.Pages[row](ctx, c, client.Call{Path: "/rows"}, client.PageOptions{Paging: &byCursor}) {
			if n++; n == 1 {
				go func() { retrywisetest.Settle(); cancel() }()
				continue
			}
			if !errors.Is(err, context.Canceled) || page.Next != "2" {
				t.Errorf("error %v, token %q", err, page.Next)
			}
		}
		cancel()
		if n != 2 {
			t.Errorf("%d pages; want 2", n)
		}
	})
}
