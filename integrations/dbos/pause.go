package retrywisedbos

import (
	"encoding/json"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// A pause is kept as a workflow that never runs: it is on a queue that nobody works on. DBOS shows
// it with its attributes, and there is at most one for each queue.
type pause struct {
	Until       time.Time `json:"until"`
	Concurrency *int      `json:"worker_concurrency"` // before it; nil: without a limit
	id          string
}

const (
	pausesQueue = "retrywise-pauses"
	pausesName  = "retrywise.pause"
)

// findPause returns the pause of a queue, or nil if there is none.
func findPause(c dbos.Context, queue string) (*pause, error) {
	all, err := dbos.ListWorkflows(c, dbos.WithFilterQueueName(pausesQueue), dbos.WithFilterDeduplicationID(queue),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	p := pause{id: all[0].ID}
	text, err := json.Marshal(all[0].Attributes)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	return &p, err
}

// insertPause stores p. It returns dbos.ErrQueueDeduplicated if the queue has a pause already.
func insertPause(c dbos.Context, queue string, p pause) error {
	_, err := dbos.Enqueue[any](c, pausesQueue, pausesName, queue, dbos.WithEnqueueDeduplicationID(queue),
		dbos.WithEnqueueDelay(time.Until(p.Until)),
		dbos.WithEnqueueAttributes(map[string]any{"until": p.Until.UTC(), "worker_concurrency": p.Concurrency}))
	return err
}

func (p *pause) delete(c dbos.Context) error { return dbos.DeleteWorkflows(c, []string{p.id}) }
