/* The reference model by hand: blocks of paths, months inside, one vector loop a month. parameters.h comes from parameters.py. */
#include "kernel.h"
#include "parameters.h"

typedef struct {
    double demand[LANES], price[LANES], base_revenue[LANES], waiver_hazards[LANES], agi_hazards[LANES], burn[LANES];
    double cash[LANES], cooling[LANES], stake[LANES], unmet_sum[LANES], partner_sum[LANES], licensed_sum[LANES];
    double rounds[LANES];
} state;

INLINE void start(state *s, int i) {
    s->demand[i] = demand_start; s->price[i] = price_start; s->base_revenue[i] = base_revenue_start;
    s->waiver_hazards[i] = 0; s->agi_hazards[i] = 0; s->burn[i] = burn_start; s->cash[i] = cash_start; s->cooling[i] = 0;
    s->stake[i] = stake_start; s->unmet_sum[i] = 0; s->partner_sum[i] = 0; s->licensed_sum[i] = 0; s->rounds[i] = 0;
}

INLINE void step(state *s, int i, int t, double z_demand, double z_revenue, double z_price, double to_waiver, double to_agi) {
    double demand = s->demand[i] * exponential(demand_drift[t] + demand_swing * z_demand);
    double price = s->price[i] * exponential(price_drift + price_swing * z_price);
    double swing = together * z_demand + apart * z_revenue;
    double base = s->base_revenue[i] * exponential(revenue_drift[t] + revenue_swing * swing);
    double waiver_hazards = s->waiver_hazards[i] + waiver_hazard, agi_hazards = s->agi_hazards[i] + agi_hazard[t];
    double waived = waiver_hazards >= to_waiver ? 1.0 : 0.0, before_agi = agi_hazards >= to_agi ? 0.0 : 1.0;
    double free = 1 - exclusive[t] * (1 - waived);
    double a_used = least(demand, a_capacity[t]), b_used = least(demand - a_used, free * b_capacity[t]);
    double unmet = demand - a_used - b_used;
    double a_cost = most(a_used * price, a_least[t]), b_cost = most(b_used * price * b_discount, free * b_least[t]);
    double revenue = base * (1 - loss * unmet / demand), shared = before_agi * share * revenue;
    double net = revenue - shared - a_cost - b_cost - (fixed_cost[t] + variable_cost * revenue);
    double burn = burn_kept * s->burn[i] + burn_new * most(-net, 0), before = s->cash[i] + net;
    int round = (before < runway * most(burn, 1)) & (s->cooling[i] <= 0);
    double raised = round ? most(months_raised * burn, least_raised) : 0.0;
    double stake = s->stake[i] * (1 - raised / (sales_multiple * revenue + raised));
    double partner = shared + a_margin * a_cost + stake * partner_part * most(net, 0);
    s->demand[i] = demand; s->price[i] = price; s->base_revenue[i] = base;
    s->waiver_hazards[i] = waiver_hazards; s->agi_hazards[i] = agi_hazards;
    s->burn[i] = burn; s->cash[i] = before + raised; s->cooling[i] = round ? pause : s->cooling[i] - 1;
    s->stake[i] = stake; s->unmet_sum[i] += unmet; s->partner_sum[i] += partner;
    s->licensed_sum[i] += partner + before_agi * licensed[t] * licence_rate * revenue;
    s->rounds[i] += round ? 1.0 : 0.0;
}

/* out[output][path]; drivers: demand, base_revenue, price, waiver, agi. */
void run(long paths, uint64_t seed, const uint64_t *drivers, double *out) {
    for (long first = 0; first < paths; first += LANES) {
        state s;
        double z[3][4][LANES], to_waiver[LANES], to_agi[LANES];
        int lanes = paths - first < LANES ? (int)(paths - first) : LANES;
        EACH_LANE start(&s, lane);
        exponentials(seed, drivers[3], (uint32_t)first, to_waiver);
        exponentials(seed, drivers[4], (uint32_t)first, to_agi);
        for (int block = 0; 4 * block < MONTHS; block++) {
            for (int d = 0; d < 3; d++) normals(seed, drivers[d], (uint32_t)first, FIRST_BLOCK + block, z[d]);
            for (int m = 0; m < 4 && 4 * block + m < MONTHS; m++)
                EACH_LANE step(&s, lane, 4 * block + m, z[0][m][lane], z[1][m][lane], z[2][m][lane], to_waiver[lane], to_agi[lane]);
        }
        for (int i = 0; i < lanes; i++) {
            double *to = out + first + i;
            to[0] = s.cash[i]; to[paths] = s.unmet_sum[i]; to[2 * paths] = s.stake[i]; to[3 * paths] = s.licensed_sum[i];
            to[4 * paths] = s.partner_sum[i]; to[5 * paths] = s.rounds[i];
            to[6 * paths] = s.agi_hazards[i] >= to_agi[i]; to[7 * paths] = s.waiver_hazards[i] >= to_waiver[i];
        }
    }
}
