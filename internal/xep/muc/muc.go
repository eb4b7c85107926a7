package muc

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/internal/jid"
	"parley/internal/module"
	"parley/stanza"
	"parley/storage"
)

// Store keeps rooms.
type Store interface {
	Room(ctx context.Context, room string) (storage.Room, []storage.RoomAffiliation, error)
	Rooms(ctx context.Context, after string, limit int) ([]storage.Room, error)
	CountRooms(ctx context.Context, creator string) (int, error)
	CreateRoom(ctx context.Context, r storage.Room, with []storage.RoomAffiliation) error
	UpdateRoom(ctx context.Context, r storage.Room, with []storage.RoomAffiliation) error
	ChangeAffiliations(ctx context.Context, room string, with []storage.RoomAffiliation) error
	SetRoomSubject(ctx context.Context, room string, subject storage.RoomSubject) storage.Pending
	SetRoomVCard(ctx context.Context, room string, vcard []byte) error
	DeleteRoom(ctx context.Context, room string) error
}

// Messages keeps what is said in rooms; the Account of such a message is the room.
type Messages interface {
	NewMessageID() int64
	AppendMessage(ctx context.Context, m storage.Message, a storage.Append) storage.Pending
	ReplaceMessage(ctx context.Context, m storage.Message) storage.Pending
	// SettleMessages is made after all writes for the same room that were
	// submitted before.
	SettleMessages([]storage.MessageRef) storage.Pending
	Archive(ctx context.Context, room string, f storage.ArchiveFilter, p storage.ArchivePage) (rows []storage.Message, complete bool, err error)
	PurgeMessages(ctx context.Context, room string, before int64, limit int) (n int, err error)
}

// Archive answers queries (XEP-0313) to the archive of the addressed room, for
// who may read it.
type Archive interface {
	Form(ctx context.Context, iq *module.IQ) (*stanza.Element, error)
	Metadata(ctx context.Context, iq *module.IQ) (*stanza.Element, error)
	// Query sends the results, each as show leaves it. With peers, it may select
	// by who has said something.
	Query(ctx context.Context, iq *module.IQ, peers bool, show func(*storage.Message)) (*stanza.Element, error)
	// Lasting reports whether a message is worth a place in an archive.
	Lasting(st *module.Stanza) bool
}

// IDs writes the ids of archived messages as clients see them.
type IDs interface {
	Format(id int64) string
	// Parse reads what Format has written, and nothing else.
	Parse(id string) (int64, bool)
}

// Options of the rooms. Zero values stand for the defaults.
type Options struct {
	Host         jid.JID          // the domain of the rooms
	Name         string           // of the service; "Rooms"
	IDs          IDs              // of archived messages
	Secret       []byte           // what occupant-ids are made with (XEP-0421 §4.1)
	Occupants    int              // in one room; 500
	RoomsPerUser int              // that one account is in at once; 100
	Creations    int              // that one account has made; 100
	NameBytes    int              // of a room's name; 256
	Affiliations int              // of one room; 5000
	History      int              // messages that a room can show who enters; 100
	Idle         int              // rooms that nobody is in and that stay in memory; 1000
	Creators     []jid.JID        // who may make rooms; empty: everybody
	Retention    time.Duration    // how long messages are kept; 0: for ever
	Linger       time.Duration    // how long a temporary room waits after a restart; 10 minutes
	Now          func() time.Time // for tests; time.Now
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "Rooms"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Linger <= 0 {
		o.Linger = 10 * time.Minute
	}
	o.Occupants = orDefault(o.Occupants, 500)
	o.RoomsPerUser = orDefault(o.RoomsPerUser, 100)
	o.Creations = orDefault(o.Creations, 100)
	o.NameBytes = orDefault(o.NameBytes, 256)
	o.Affiliations = orDefault(o.Affiliations, 5000)
	o.History = orDefault(o.History, 100)
	o.Idle = orDefault(o.Idle, 1000)
	return o
}

func orDefault(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// Module is the feature.
type Module struct {
	store    Store
	messages Messages
	archive  Archive
	opts     Options
	host     module.Host // set by Register

	rooms  rooms
	visits visits

	working    sync.WaitGroup
	endWorking context.CancelFunc // set by Start, owned by the caller of Start and Wait
}

// New returns the feature.
func New(store Store, messages Messages, archive Archive, opts Options) *Module {
	return &Module{store: store, messages: messages, archive: archive, opts: opts.withDefaults()}
}

// Spec names the standards.
func (*Module) Spec() []module.Spec {
	return []module.Spec{
		{Number: "XEP-0045", Title: "Multi-User Chat", Version: "1.35.5", Status: "complete but for status codes 101 and 332; rooms wait for their first configuration, no groupchat 1.0"},
		{Number: "XEP-0249", Title: "Direct MUC Invitations", Version: "1.2", Status: "passed on, archived and copied"},
		{Number: "XEP-0317", Title: "Hats", Version: "0.3.1", Status: "complete"},
		{Number: "XEP-0410", Title: "MUC Self-Ping (Schrödinger's Chat)", Version: "1.1.0", Status: "complete, optimised"},
		{Number: "XEP-0421", Title: "Occupant identifiers for semi-anonymous MUCs", Version: "1.0.1", Status: "complete"},
		{Number: "XEP-0425", Title: "Moderated Message Retraction", Version: "0.3.0", Status: "complete, with tombstones"},
		{Number: "XEP-0433", Title: "Extended Channel Search", Version: "0.1.0", Status: "for the rooms of this server"},
		{Number: "XEP-0486", Title: "MUC Avatars", Version: "0.1.0", Status: "complete"},
		{Number: "XEP-0500", Title: "MUC Slow Mode", Version: "0.1.1", Status: "complete"},
	}
}

// Register takes part in the server.
func (m *Module) Register(r *module.Registrar) {
	m.host = r.Host()
	r.Component(m.opts.Host, m.handle)
	r.Save(module.SavedValue{Name: "muc.rooms", Save: m.save, Load: m.restore})
	r.Hooks.SessionClosed.Add(module.StageDeliver, m.sessionClosed)
	r.Hooks.AccountRemoved.Add(module.StageDeliver, m.accountRemoved)
}

func (m *Module) logger() *slog.Logger { return m.host.Logger("muc") }

var _ module.Module = (*Module)(nil)
