// Package deadletter keeps the records that were not delivered, and sends them later.
//
// A [Letter] says why a record was not delivered, and whether, when and under which key it may be
// sent again. A [Writer] appends letters to a file of JSON Lines, [Letters] reads those that are
// open, and [Replay] sends those that may be sent.
//
//	letters, err := deadletter.Open("dead-letters.jsonl", deadletter.Options{})
//	…
//	defer letters.Close()
//	if err := create(ctx, order); err != nil {
//		err = letters.Write(deadletter.Of(err, deadletter.Record{Key: order.ID, Payload: order.JSON()}))
//	}
//
// # What survives a crash
//
// A file is only appended to: a letter is one line, written by one call, and later lines say that
// a letter is being sent or is settled. Replay notes that it begins to send a letter before it
// does so. If it is killed before it notes the end, the letter is in doubt, and the next Replay
// looks it up instead of sending it, unless the letter is repeatable or its key is still valid. A
// failure and the end of the letter that it replaces are one line. So nothing is sent twice and
// nothing is lost, whenever a process is killed. With [Options.Sync] that holds for a power failure
// as well.
//
// A job that notes its letters when calls fail loses sight of the calls that are under way when it
// is killed. [Writer.Deliver] notes a record before it is sent. A job that must also know, when it is
// started again, which records it had taken up, can write a letter of each first ([Of] with a nil
// error), and then let Replay deliver them all: see the example of Replay.
//
// # What is in a file
//
// Each line is a JSON object with "v", the version of the format (1), and "is":
//
//   - "letter" has the fields of Letter
//   - "begun" is about the letter "id": a run began to send it
//   - "settled" is about the letter "id": the vendor has the record, or somebody gave it up
//
// A program ignores members that it does not know. A file has no credential, no URL, no message
// and no body of the vendor. It has the record's key, the idempotency key and the payload, which
// are the caller's and may be personal data: only its user may read a new file.
package deadletter
