//! Who follows a QuickBooks company: its notices name no tenant. What is listed here is
//! only where to look; what counts is in the tenant's own partition.

use q2o_domain::{
    LinkId, RealmId, Result, TenantId,
    ports::{Change, Query, Select},
};
use serde::{Deserialize, Serialize};

use super::{Store, collection, document, failed, read};

#[derive(Serialize, Deserialize)]
struct Follower {
    tenant: TenantId,
    link: LinkId,
}

impl Store {
    pub async fn followers(&self, realm: &RealmId) -> Result<Vec<(TenantId, LinkId)>> {
        let query = Query::new(of_realm(realm), collection::FOLLOWERS, Select::All);
        let found = self.database.list(&query).await?.into_iter().map(read::<Follower>);
        found.map(|read| read.map(|read| (read.value.tenant, read.value.link))).collect()
    }

    pub async fn list_follower(
        &self,
        realm: &RealmId,
        tenant: TenantId,
        link: &LinkId,
    ) -> Result<()> {
        let follower = Follower { tenant, link: link.clone() };
        let row = document(collection::FOLLOWERS, format!("{tenant}/{link}"), &follower)?;
        self.database.commit(&of_realm(realm), vec![Change::Put(row)]).await.map_err(failed)
    }

    pub async fn unlist(&self, realm: &RealmId, tenant: TenantId, link: &LinkId) -> Result<()> {
        let id = format!("{tenant}/{link}");
        let gone = Change::Delete { collection: collection::FOLLOWERS.into(), id };
        self.database.commit(&of_realm(realm), vec![gone]).await.map_err(failed)
    }
}

fn of_realm(realm: &RealmId) -> String {
    format!("realm-{realm}")
}
