//! QuickBooks' account subtypes, by the Odoo account type that fits each of them
//! under the account type it usually belongs to.

/// The Odoo account type that a subtype stands for; `None` for one that nobody
/// knows, since the list is open: QuickBooks adds to it.
pub fn usual_type(sub_type: &str) -> Option<&'static str> {
    let of = |names: &str| names.split_whitespace().any(|name| name == sub_type);
    SUB_TYPES.iter().find(|(_, names)| of(names)).map(|(odoo, _)| *odoo)
}

#[rustfmt::skip]
const SUB_TYPES: [(&str, &str); 16] = [
    ("asset_cash", "CashAndCashEquivalents CashOnHand Checking MoneyMarket OtherEarmarkedBankAccounts
        RentsHeldInTrust Savings TrustAccounts"),
    ("asset_receivable", "AccountsReceivable OtherDebtors"),
    ("asset_current", "AllowanceForBadDebts AssetsAvailableForSale BalWithGovtAuthorities
        CalledUpShareCapitalNotPaid DevelopmentCosts EmployeeCashAdvances
        ExpenditureAuthorisationsAndLettersOfCredit GlobalTaxDeferred GlobalTaxRefund
        IntangibleAssetsOther InternalTransfers Inventory Investment_MortgageRealEstateLoans
        Investment_Other Investment_TaxExemptSecurities Investment_USGovernmentObligations
        LoansToOfficers LoansToOthers LoansToStockholders OtherConsumables OtherCurrentAssets
        ProvisionsCurrentAssets Retainage ShortTermInvestmentsInRelatedParties
        ShortTermLoansAndAdvancesToRelatedParties TradeAndOtherReceivables UndepositedFunds
        WithholdingAssetAmount"),
    ("asset_prepayments", "PrepaidExpenses"),
    ("asset_fixed", "AccumulatedAmortization AccumulatedDepletion AccumulatedDepreciation
        AssetsInCourseOfConstruction Buildings CapitalWip
        CumulativeDepreciationOnIntangibleAssets DepletableAssets FixedAssetComputers
        FixedAssetCopiers FixedAssetFurniture FixedAssetOtherToolsEquipment FixedAssetPhone
        FixedAssetPhotoVideo FixedAssetSoftware FurnitureAndFixtures IntangibleAssets
        IntangibleAssetsUnderDevelopment Land LandAsset LeaseholdImprovements
        MachineryAndEquipment NonCurrentAssets OtherFixedAssets ParticipatingInterests
        ProvisionsFixedAssets Vehicles"),
    ("asset_non_current", "AccumulatedAmortizationOfOtherAssets AssetsHeldForSale AvailableForSaleFinancialAssets
        DeferredTax Goodwill Investments LeaseBuyout Licenses LongTermInvestments
        LongTermLoansAndAdvancesToRelatedParties OrganizationalCosts OtherIntangibleAssets
        OtherLongTermAssets OtherLongTermInvestments OtherLongTermLoansAndAdvances
        PrepaymentsAndAccruedIncome ProvisionsNonCurrentAssets SecurityDeposits"),
    ("liability_payable", "AccountsPayable OutstandingDuesMicroSmallEnterprise
        OutstandingDuesOtherThanMicroSmallEnterprise"),
    ("liability_credit_card", "CreditCard"),
    ("liability_current", "AccruedLiabilities CurrentLiabilities CurrentPortionEmployeeBenefitsObligations
        CurrentPortionOfObligationsUnderFinanceLeases CurrentTaxLiability DeferredRevenue
        DirectDepositPayable DividendsPayable DutiesAndTaxes FederalIncomeTaxPayable
        GlobalTaxPayable GlobalTaxSuspense Gratuity IncomeTaxPayable InsurancePayable
        InterestPayables LineOfCredit LoanPayable OtherCurrentLiabilities PayrollClearing
        PayrollTaxPayable PrepaidExpensesPayable ProvisionForWarrantyObligations
        ProvisionsCurrentLiabilities RentsInTrustLiability SalesTaxPayable ShortTermBorrowings
        SocialSecurityAgencies StaffAndRelatedLiabilityAccounts StateLocalIncomeTaxPayable
        SundryDebtorsAndCreditors TradeAndOtherPayables TrustAccountsLiabilities
        WithholdingLiabilityAmount WithholdingTaxSuspense"),
    ("liability_non_current", "AccrualsAndDeferredIncome AccruedLongLermLiabilities AccruedVacationPayable BankLoans
        DebtsRelatedToParticipatingInterests DeferredTaxLiabilities
        GovernmentAndOtherPublicAuthorities GroupAndAssociates
        LiabilitiesRelatedToAssetsHeldForSale LongTermBorrowings LongTermDebit
        LongTermEmployeeBenefitObligations NotesPayable ObligationsUnderFinanceLeases
        OtherLongTermLiabilities OtherLongTermProvisions ProvisionForLiabilities
        ProvisionsNonCurrentLiabilities ShareholderNotesPayable
        StaffAndRelatedLongTermLiabilityAccounts"),
    ("equity", "AccumulatedAdjustment AccumulatedOtherComprehensiveIncome CalledUpShareCapital
        CapitalReserves CommonStock DividendDisbursed EquityInEarningsOfSubsiduaries
        EstimatedTaxes Funds HealthSavingsAccountContributions Healthcare InvestmentGrants
        MoneyReceivedAgainstShareWarrants OpeningBalanceEquity OtherFreeReserves OwnersEquity
        PaidInCapitalOrSurplus PartnerContributions PartnerDistributions PartnersEquity
        PersonalExpense PersonalIncome PreferredStock RetainedEarnings
        ShareApplicationMoneyPendingAllotment ShareCapital TreasuryStock"),
    ("income", "CashReceiptIncome DiscountsRefundsGiven NonProfitIncome OperatingGrants
        OtherCurrentOperatingIncome OtherPrimaryIncome OwnWorkCapitalized PremiumsReceived
        RentARoomReliefRentsReceived RevenueGeneral SalesOfProductIncome SalesRetail
        SalesWholesale SavingsByTaxScheme ServiceFeeIncome UnappliedCashPaymentIncome
        WithholdingTaxSales"),
    ("income_other", "DividendIncome GainLossOnSaleOfFixedAssets GainLossOnSaleOfInvestments InterestEarned
        LossOnDisposalOfAssets OtherInvestmentIncome OtherMiscellaneousIncome
        OtherOperatingIncome TaxExemptInterest UnrealisedLossOnSecuritiesNetOfTax"),
    ("expense_direct_cost", "CostOfLaborCos CostOfSales EquipmentRentalCos FreightAndDeliveryCos
        OtherCostsOfServiceCos ShippingFreightDeliveryCos SuppliesMaterialsCogs"),
    ("expense", "AdvertisingPromotional Auto BadDebts BankCharges BorrowingCost CarriedForwardRelief
        CashExpenditureExpense CharitableContributions CommissionsAndFees Communications
        CostOfLabor DistributionCosts DuesSubscriptions Entertainment EntertainmentMeals
        EquipmentRental ExternalServices ExtraordinaryCharges FinanceCosts
        FinanceCostsRestricted ForeignTaxesIncurred GlobalTaxExpense IncomeTaxExpense Insurance
        InterestPaid LegalProfessionalFees LossOnDiscontinuedOperationsNetOfTax
        ManagementCompensation OfficeGeneralAdministrativeExpenses OtherBusinessExpenses
        OtherCurrentOperatingCharges OtherExternalServices OtherMiscellaneousServiceCost
        OtherRentalCosts OtherSellingExpenses PayrollExpenses PayrollTaxExpenses
        PayrollWageExpenses PremiumsPaid ProjectStudiesSurveysAssessments PromotionalMeals
        PurchasesRebates RentARoomReliefReliefClaimed RentOrLeaseOfBuildings RepairMaintenance
        ShippingAndDeliveryExpense ShippingFreightDelivery StaffCosts Sundry SuppliesMaterials
        TaxesPaid Travel TravelExpensesGeneralAndAdminExpenses TravelExpensesSellingExpense
        TravelMeals UkTaxesWithheld UnappliedCashBillPaymentExpense Utilities
        WithholdingTaxPurchases DeferredTaxExpense ExceptionalItems ExchangeGainOrLoss
        ExtraordinaryItems GasAndFuel HomeOffice HomeownerRentalInsurance IncomeTaxOtherExpense
        MatCredit MortgageInterestHomeOffice OtherHomeOfficeExpenses OtherMiscellaneousExpense
        OtherVehicleExpenses ParkingAndTolls PenaltiesSettlements PriorPeriodItems
        PropertyTaxHomeOffice RentAndLeaseHomeOffice RepairsAndMaintainceHomeOffice
        TaxRoundoffGainOrLoss UtilitiesHomeOffice Vehicle VehicleInsurance VehicleLease
        VehicleLoan VehicleLoanInterest VehicleRegistration VehicleRepairs WashAndRoadServices"),
    ("expense_depreciation", "AmortizationExpense AppropriationsToDepreciation Amortization Depletion Depreciation"),
];
