package register

import (
	"net/netip"
	"sync"
	"time"
)

// Costs out of an allowance: a name that is taken costs a tenth of an account.
const (
	costAccount = 10
	costTry     = 1
)

// limiter gives each address an allowance that fills up evenly within an hour.
type limiter struct {
	perHour int // accounts; Off: no limit

	mu    sync.Mutex
	spent map[string]spending // guarded by mu
	sweep int                 // guarded by mu: size at which old entries are looked for
}

// spending is what an address has spent, as of a moment.
type spending struct {
	cost float64
	at   time.Time
}

func newLimiter(perHour int) *limiter {
	return &limiter{perHour: perHour, spent: map[string]spending{}, sweep: 1024}
}

// take spends the cost of an account; false if the allowance does not hold it.
func (l *limiter) take(addr string) bool {
	if l.perHour == Off {
		return true
	}
	key, now := network(addr), time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.left(key, now)
	if s.cost+costAccount > l.allowance()+costAccount/2 { // so that PerHour accounts fit in spite of tries
		return false
	}
	s.cost += costAccount
	l.put(key, s)
	return true
}

// giveBack turns what take has spent into the cost of a try.
func (l *limiter) giveBack(addr string) {
	if l.perHour == Off {
		return
	}
	key, now := network(addr), time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.left(key, now)
	s.cost = max(s.cost-costAccount+costTry, 0)
	l.put(key, s)
}

func (l *limiter) allowance() float64 { return float64(l.perHour * costAccount) }

// left returns what key has spent and not yet earned back. mu is held.
func (l *limiter) left(key string, now time.Time) spending {
	s := l.spent[key]
	earned := now.Sub(s.at).Hours() * l.allowance()
	return spending{cost: max(s.cost-earned, 0), at: now}
}

// put stores s; old entries are dropped whenever the table has doubled. mu is
// held.
func (l *limiter) put(key string, s spending) {
	l.spent[key] = s
	if len(l.spent) < l.sweep {
		return
	}
	for k := range l.spent {
		if l.left(k, s.at).cost == 0 {
			delete(l.spent, k)
		}
	}
	l.sweep = max(1024, 2*len(l.spent))
}

// network is what shares an allowance: an IPv4 address, or an IPv6 /64.
func network(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	p, _ := ip.Prefix(64) // 64 is a valid length
	return p.String()
}
