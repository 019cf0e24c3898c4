package testserver

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Events returns the ledger of executed events, by the event_identifier of their
// payload or, without one, by a running number such as "event-3". The vendor does
// not recognise an event that it already has, so every event after the first with
// its identifier is a duplicate.
func (rd *RDStation) Events() *retrywisetest.Ledger { return &rd.events }

// postEvent serves POST /platform/events, which is not idempotent.
func (rd *RDStation) postEvent(c call) reply {
	if !isJSON(c.request) {
		return unsupportedMediaType()
	}
	var event struct {
		Payload struct {
			Identifier string `json:"event_identifier"`
		} `json:"payload"`
	}
	if json.Unmarshal(c.body, &event) != nil {
		return badRequest()
	}
	number := rd.received.Add(1)
	key := event.Payload.Identifier
	if key == "" {
		key = fmt.Sprintf("event-%d", number)
	}
	rd.events.Record(key, c.body)
	return reply{status: http.StatusOK, body: map[string]any{
		"event_uuid": fmt.Sprintf("00000000-0000-4000-9000-%012d", number),
	}}
}
