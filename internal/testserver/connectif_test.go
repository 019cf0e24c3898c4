package testserver_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const (
	connectifKey   = "apiKey " + testserver.ConnectifKeyID + ":" + testserver.ConnectifKeySecret
	connectifJane  = "/contacts/jane@example.com"
	connectifOrder = `{"purchaseId":"o-1","contactEmail":"jane@example.com","products":[{"productId":"p-1","quantity":2,"unitPrice":9.5}]}`
	connectifOK    = `{"contactEmail":"jane@example.com","createdAt":"2000-01-01T00:00:00.000Z","id":"b00000000000000000000001",` +
		`"products":[{"productId":"p-1","quantity":2,"unitPrice":9.5}],"purchaseId":"o-1","updatedAt":"2000-01-01T00:00:00.000Z"}`
	connectifNotFound = `{"status":404,"title":"Not Found","detail":"Resource not found."}`
)

// connectif is a fake Connectif and a caller with the API key.
type connectif struct {
	*testserver.Connectif
	caller
}

// newConnectif returns a fake with one contact and two products.
func newConnectif(t *testing.T, service testserver.Service) connectif {
	cf := testserver.NewConnectif(service)
	cf.AddContacts("jane@example.com")
	cf.AddProducts("p-1", "p-2")
	return connectifOf(t, cf, retrywisetest.Handle(t, cf))
}

// connectifOf returns cf, which srv serves, and a caller.
func connectifOf(t *testing.T, cf *testserver.Connectif, srv *retrywisetest.Server) connectif {
	header := func() []string { return []string{"Content-Type", kind, "Authorization", connectifKey} }
	return connectif{cf, caller{t, srv, header}}
}

// connectifInvalid is the body of a 422; problems is paths and reasons in turn.
func connectifInvalid(problems ...string) string {
	list := ""
	for i := 0; i < len(problems); i += 2 {
		if i > 0 {
			list += ","
		}
		list += fmt.Sprintf(`{"path":%q,"reason":%q}`, problems[i], problems[i+1])
	}
	return `{"status":422,"title":"Unprocessable Entity","detail":"Resource contains validation errors.","validationErrors":[` + list + `]}`
}

func TestConnectifPurchaseRules(t *testing.T) {
	const noJSON = `{"status":400,"title":"Bad Request","detail":"Invalid JSON payload received."}`
	for name, tt := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"good purchase": {connectifOrder, 201, connectifOK},
		"good purchase with all that is checked": {
			`{"purchaseId":"o-2","contactEmail":"jane@example.com","cartId":"c","paymentMethod":"card","purchaseDate":"2026-11-22T10:00:00+01:00","totalPrice":1.5,"totalQuantity":1,
			 "products":[{"productId":"p-2","quantity":1,"unitPrice":0,"price":1,"name":"Mug","productDetailUrl":"https://www.mysite.com/mug","brand":7}]}`, 201,
			`{"cartId":"c","contactEmail":"jane@example.com","createdAt":"2000-01-01T00:00:00.000Z","id":"b00000000000000000000001","paymentMethod":"card",
			 "products":[{"brand":7,"name":"Mug","price":1,"productDetailUrl":"https://www.mysite.com/mug","productId":"p-2","quantity":1,"unitPrice":0}],
			 "purchaseDate":"2026-11-22T10:00:00+01:00","purchaseId":"o-2","totalPrice":1.5,"totalQuantity":1,"updatedAt":"2000-01-01T00:00:00.000Z"}`},
		"unknown contact": {`{"purchaseId":"o","contactEmail":"bo@example.com","products":[{"productId":"x","quantity":1,"unitPrice":1}]}`, 400,
			`{"status":400,"title":"Bad Request","detail":"Contact bo@example.com does not exist.","code":"E0101"}`},
		"unknown products": {`{"purchaseId":"o","contactEmail":"jane@example.com","products":[
			 {"productId":"x","quantity":1,"unitPrice":1,"productDetailUrl":"http://elsewhere.com/"},{"productId":"p-1","quantity":1,"unitPrice":1},{"productId":"y","quantity":1,"unitPrice":1}]}`, 400,
			`{"status":400,"title":"Bad Request","detail":"Product x, y does not exist.","code":"E0102","productIds":["x","y"]}`},
		"foreign domain": {`{"purchaseId":"o","contactEmail":"jane@example.com","products":[{"productId":"p-1","quantity":1,"unitPrice":1,"productDetailUrl":"http://mysite.com/1"}]}`, 400,
			`{"status":400,"title":"Bad Request","detail":"Product p-1 had URL from non authorized domain.","code":"E0103","productIds":["p-1"],"allowedDomains":["http://www.mysite.com"]}`},
		"nothing":         {`{}`, 422, connectifInvalid("purchaseId", "is required", "contactEmail", "is required", "products", "is required")},
		"null and blank":  {`{"purchaseId":null,"contactEmail":"","products":[]}`, 422, connectifInvalid("purchaseId", "is required", "contactEmail", "should be an email", "products", "should not be empty")},
		"blank id":        {`{"purchaseId":" ","contactEmail":"a@b","products":[{}]}`, 422, connectifInvalid("purchaseId", "should not be blank", "products[0].productId", "is required", "products[0].quantity", "is required", "products[0].unitPrice", "is required")},
		"wrong types":     {`{"purchaseId":1,"contactEmail":2,"products":"p","cartId":3,"purchaseDate":"today","totalPrice":"1","totalQuantity":1.5}`, 422, connectifInvalid("purchaseId", "should be a string", "contactEmail", "should be an email", "products", "should be an array", "cartId", "should be a string", "purchaseDate", "should be a date", "totalPrice", "should be a number", "totalQuantity", "should be an integer")},
		"wrong product":   {`{"purchaseId":"o","contactEmail":"a@b","products":[1,{"productId":"p-1","quantity":"2","unitPrice":"3","productDetailUrl":"/mug"}]}`, 422, connectifInvalid("products[0]", "should be an object", "products[1].quantity", "should be an integer", "products[1].unitPrice", "should be a number", "products[1].productDetailUrl", "should be a uri")},
		"no JSON":         {`{`, 400, noJSON},
		"not an object":   {`[1]`, 400, noJSON},
		"null for a body": {`null`, 400, noJSON},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{})
				want := got{tt.status, kind, compact(t, tt.want)}
				if diff := cmp.Diff(want, v.mustSend("POST", "/purchases/", tt.body)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				executed := 0
				if tt.status == 201 {
					executed = 1
				}
				if n := v.Purchases().Total(); n != executed {
					t.Errorf("%d executions; want %d", n, executed)
				}
			})
		})
	}
}

// The vendor's table has productIds, and its example productsId.
func TestConnectifAlternatesTheFieldForForeignDomains(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{})
		const body = `{"purchaseId":"o","contactEmail":"jane@example.com","products":[{"productId":"p-1","quantity":1,"unitPrice":1,"productDetailUrl":"http://mysite.com/1"}]}`
		for i, field := range []string{"productIds", "productsId", "productIds"} {
			want := got{400, kind, fmt.Sprintf(`{"status":400,"title":"Bad Request","detail":"Product p-1 had URL from non authorized domain.","code":"E0103",%q:["p-1"],"allowedDomains":["http://www.mysite.com"]}`, field)}
			if diff := cmp.Diff(want, v.mustSend("POST", "/purchases", body)); diff != "" {
				t.Errorf("answer %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

func TestConnectifPurchaseLife(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{})
		const path = "/purchases/purchase-id/o-1"
		for i, step := range []struct {
			method, path, body string
			want               got
		}{
			{"GET", path, "", got{404, kind, connectifNotFound}},
			{"DELETE", path, "", got{Status: 204}},
			{"POST", "/purchases/", connectifOrder, got{201, kind, connectifOK}},
			{"GET", path, "", got{200, kind, connectifOK}},
			{"DELETE", path, "", got{Status: 204}},
			{"DELETE", path, "", got{Status: 204}},
			{"GET", path, "", got{404, kind, connectifNotFound}},
			{"GET", "/carts/1", "", got{404, kind, connectifNotFound}},
		} {
			if diff := cmp.Diff(step.want, v.mustSend(step.method, step.path, step.body)); diff != "" {
				t.Errorf("step %d, %s (-want +got):\n%s", i, step.method, diff)
			}
		}
	})
}

func TestConnectifContentType(t *testing.T) {
	const want = `{"status":415,"title":"Unsupported Media Type","detail":"Request without application/json Content-Type header."}`
	for name, tt := range map[string]struct {
		method, path, kind string
		status             int
	}{
		"contact, none":         {"PATCH", connectifJane, "", 415},
		"purchase, form":        {"POST", "/purchases/", "application/x-www-form-urlencoded", 415},
		"purchase, charset":     {"POST", "/purchases/", "application/json; charset=utf-8", 201},
		"export, text":          {"POST", "/exports/", "text/plain", 415},
		"GET does not need one": {"GET", "/purchases/purchase-id/x", "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{})
				g := v.mustDo(tt.method, tt.path, connectifOrder, "Content-Type", tt.kind, "Authorization", connectifKey)
				if g.Status != tt.status || g.Status == 415 && g.Body != want {
					t.Errorf("answer %v; want status %d", g, tt.status)
				}
			})
		})
	}
}

func TestConnectifUnauthorized(t *testing.T) {
	const key = testserver.ConnectifKeyID + ":" + testserver.ConnectifKeySecret
	for name, tt := range map[string]struct {
		authorization string
		want          got
	}{
		"good":         {"apiKey " + key, got{201, kind, connectifOK}},
		"none":         {"", got{Status: 401}},
		"bearer":       {"Bearer " + key, got{Status: 401}},
		"no scheme":    {key, got{Status: 401}},
		"wrong secret": {"apiKey " + key + "x", got{Status: 401}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{TokenUses: 1}) // a key does not expire
				for range 2 {
					v.mustDo("GET", "/purchases/purchase-id/x", "", "Authorization", tt.authorization)
				}
				g := v.mustDo("POST", "/purchases/", connectifOrder, "Content-Type", kind, "Authorization", tt.authorization)
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestConnectifRateLimit(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{PerSecond: 2})
		var statuses []int
		for _, pause := range []time.Duration{0, 400 * time.Millisecond, 0, 600 * time.Millisecond} {
			<-time.After(pause)
			statuses = append(statuses, v.mustSend("PATCH", connectifJane, `{}`).Status)
		}
		if diff := cmp.Diff([]int{204, 204, 429, 204}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		v.mustSend("PATCH", connectifJane, `{}`)
		resp, err := v.open(t.Context(), "PATCH", connectifJane, `{}`)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 429 || resp.ContentLength != 0 || resp.Header.Get("Retry-After") != "" {
			t.Errorf("status %d, %d bytes, headers %v; want a 429 without body and Retry-After", resp.StatusCode, resp.ContentLength, resp.Header)
		}
	})
}

func TestConnectifIsSafeForConcurrentUse(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const clients = 20
		v := newConnectif(t, testserver.Service{Latency: time.Second})
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				body := fmt.Sprintf(`{"purchaseId":"o-%d","contactEmail":"jane@example.com","products":[{"productId":"p-1","quantity":1,"unitPrice":1}]}`, i%5)
				if g := v.mustSend("POST", "/purchases/", body); g.Status != http.StatusCreated {
					t.Error(g)
				}
				v.mustSend("PATCH", connectifJane, `{"_points":1}`)
				v.mustSend("POST", "/exports/", connectifContacts)
				v.mustSend("GET", "/purchases/purchase-id/o-1", "")
			})
		}
		wg.Wait()
		if diff := cmp.Diff(map[int]int{201: clients + 5, 204: clients, 400: clients - 5, 200: clients}, v.Statuses()); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if p, d, e := v.Peak(), v.Purchases().Duplicates(), v.Exports().Total(); p != clients || d != clients-5 || e != 5 {
			t.Errorf("peak %d, %d duplicates, %d exports; want %d, %d and 5", p, d, e, clients, clients-5)
		}
	})
}
