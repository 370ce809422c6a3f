. /work/main/tests/net/lib.sh
test_start
gateway
go() {
	fresh default drop
	rule nat udp from "$A" sport 4000 to "$S" dport 99 snat "$(at "$X" 5001)" stateful
	pkt <<-E
		send host ip src=$A dst=$S id=102 df=1 mf=1 off=0 udp sport=4000 dport=99 ulen=708 len=592
		send host ip src=$A dst=$S id=102 df=1 mf=0 off=600 proto=17 raw len=108
		expect net df=1 mf=1 iplen=620 src=$X
		expect net df=1 mf=0 off=600 iplen=128 src=$X
	E
	ip -n "$GW" link set wan mtu 500
	pkt <<-E
		send host ip src=$A dst=$S id=103 df=1 mf=1 off=0 udp sport=4000 dport=99 ulen=708 len=592
		send host ip src=$A dst=$S id=103 df=1 mf=0 off=600 proto=17 raw len=108
		expect host icmp type=3 code=4 mtu=500 i.src=$A
		none net ip=4
	E
	ip -n "$GW" link set wan mtu 1500; gateway_addresses >/dev/null 2>&1 || :
}
sizes() {
	fresh default drop
	rule nat udp from "$A" sport 4000 to "$S" dport 99 snat "$(at "$X" 5001)" stateful
	ih=$([ $V = 4 ] && echo 20 || echo 48)
	pkt <<-E
		send host ip src=$A dst=$S id=100 split=1000 udp sport=4000 dport=99 len=3200
		expect net src=$X off=0 iplen=$((1000+ih))
		expect net src=$X off=1000 iplen=$((1000+ih))
		expect net src=$X off=2000 iplen=$((1000+ih))
		expect net src=$X off=3000 mf=0
	E
}
every sizes sizes
for M in stack direct; do use 4; point "df $M" go; done
every sizes sizes
rr() {
	fresh default drop
	rule nat proto "$ICMP" from "$A" to "$S" snat "$X"
	on_host ping -R -c 2 -i 0.2 -I "$A" "$S" >$WORK/p
	cat $WORK/p; grep -q "2 received" $WORK/p
}
for M in stack direct; do use 4; point "rr $M" rr; done
ktap_end
